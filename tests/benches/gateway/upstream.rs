//! The scripted upstream: this executable once more, as a process of its own.
//!
//! A request that asks for a stream says in its first bytes how many events it wants, with which
//! pause between them, and over how many choices.

use crate::script;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

/// The argument that makes the executable the upstream.
pub(crate) const FLAG: &str = "--upstream";

/// Bytes of a body in which the script of a stream stands.
const SCRIPT_BYTES: usize = 256;

/// Serves until the process is ended.
pub(crate) fn serve(port: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.expect("a free port");
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                drop(stream.set_nodelay(true));
                spawn_local(connection(stream));
            }
        }
    });
}

/// Serves requests until the client leaves.
async fn connection(mut stream: TcpStream) {
    let mut buffer = Vec::new();
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        script::COMPLETION.len(),
        script::COMPLETION
    );
    loop {
        let Some((start, end)) = request(&buffer) else {
            match stream.read_buf(&mut buffer).await {
                Ok(1..) => continue,
                _ => return,
            }
        };
        let head = &buffer[start..end.min(start + SCRIPT_BYTES)];
        let head = String::from_utf8_lossy(head).into_owned();
        buffer.drain(..end);
        let sent = if head.contains("\"stream\":true") {
            events(&mut stream, &head).await
        } else {
            stream.write_all(response.as_bytes()).await
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Returns where the body of the first request begins and ends, once it is complete.
fn request(buffer: &[u8]) -> Option<(usize, usize)> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text.split_once("\ncontent-length:");
    let length = length.and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
    let end = head + length.unwrap_or(0);
    (buffer.len() >= end).then_some((head, end))
}

async fn events(stream: &mut TcpStream, body: &str) -> std::io::Result<()> {
    let number = |key: &str, default: u64| {
        let (_, rest) = body.split_once(&format!("\"{key}\":"))?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(digits.parse().unwrap_or(default))
    };
    let count = number("bench_events", 40).unwrap_or(40);
    let pause = Duration::from_micros(number("bench_pause_us", 10_000).unwrap_or(10_000));
    let choices = number("bench_choices", 1).unwrap_or(1).max(1);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    for event in 0..count {
        if event > 0 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let number = usize::try_from(event).unwrap_or(0);
        let choice = usize::try_from(event % choices).unwrap_or(0);
        let text = script::event(number, choice, event + 1 == count);
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        stream.write_all(chunk.as_bytes()).await?;
    }
    stream.write_all(b"0\r\n\r\n").await
}
