//! A client of HTTP/1.1.

use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A persistent connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// How a body ends.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
}

/// Returns a request for a completion.
pub(crate) fn post(body: &str) -> Vec<u8> {
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: application/json\r\ncontent-type: application/json\r\nauthorization: Bearer bench\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Returns a request for a path.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await
    }

    /// Sends a request and returns the status once the response is complete. `data` takes the
    /// bytes of the body as they arrive.
    pub(crate) async fn exchange(
        &mut self,
        request: &[u8],
        mut data: impl FnMut(&[u8]),
    ) -> Result<u16> {
        self.send(request).await?;
        let (status, framing) = self.head().await?;
        match framing {
            Framing::Length(length) => self.bytes(length, &mut data).await?,
            Framing::Chunked => while self.chunk(&mut data).await? {},
        }
        Ok(status)
    }

    async fn fill(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof)),
            _ => Ok(()),
        }
    }

    async fn head(&mut self) -> Result<(u16, Framing)> {
        loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            let Some(end) = end else {
                self.fill().await?;
                continue;
            };
            let head = String::from_utf8_lossy(&self.buffer[..end + 2]).to_ascii_lowercase();
            self.buffer.drain(..end + 4);
            let status = head.get(9..12).and_then(|s| s.parse().ok());
            let length = head.split_once("\ncontent-length:");
            let length = length.and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
            let framing = length.map_or(Framing::Chunked, Framing::Length);
            return Ok((status.unwrap_or(0), framing));
        }
    }

    async fn bytes(&mut self, mut length: usize, data: &mut impl FnMut(&[u8])) -> Result<()> {
        loop {
            let part = length.min(self.buffer.len());
            data(&self.buffer[..part]);
            self.buffer.drain(..part);
            length -= part;
            if length == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Reads a chunk; `false` after the last one.
    async fn chunk(&mut self, data: &mut impl FnMut(&[u8])) -> Result<bool> {
        let line = loop {
            match self.buffer.windows(2).position(|two| two == b"\r\n") {
                Some(end) => break end,
                None => self.fill().await?,
            }
        };
        let size = std::str::from_utf8(&self.buffer[..line]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or_else(|| Error::from(ErrorKind::InvalidData))?;
        self.buffer.drain(..line + 2);
        self.bytes(size, data).await?;
        // The line break after the data.
        self.bytes(2, &mut |_| {}).await?;
        Ok(size > 0)
    }
}
