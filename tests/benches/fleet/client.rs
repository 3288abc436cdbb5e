//! Persistent connections to the server.

use kt_tests::bench::take_response;
use serde_json::Value;
use std::io::{Error, ErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A persistent connection.
pub(crate) struct Client {
    stream: TcpStream,
    token: String,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(port: u16, token: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            token: token.to_owned(),
            buffer: Vec::new(),
        })
    }

    /// Sends a request, and returns status and body of the response.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<(u16, Value), Error> {
        let (status, body) = self.exchange(method, target, body).await?;
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
    }

    /// Returns the body of a response that is not JSON.
    pub(crate) async fn text(&mut self, target: &str) -> Result<String, Error> {
        Ok(self.exchange("GET", target, "").await?.1)
    }

    async fn exchange(
        &mut self,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<(u16, String), Error> {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        loop {
            if let Some(response) = take_response(&mut self.buffer) {
                // An idle connection needs no buffer; there are thousands.
                self.buffer.shrink_to_fit();
                return Ok(response);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
