//! One HTTP/1.1 request over one connection: enough to ask a server of ours
//! whether it is there, without a client library that might be lenient.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server of ours that has not answered by then hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug, Clone)]
#[must_use = "an answer that nobody looks at proves nothing"]
pub(crate) struct Reply {
    /// Status code.
    pub(crate) status: u16,
    /// Header lines, as they came.
    pub(crate) head: String,
    /// The body; chunks are joined.
    pub(crate) body: String,
}

/// Sends a request to `127.0.0.1:port`.
///
/// # Errors
/// When there is no connection, or no whole answer.
pub(crate) fn http(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    parse(&String::from_utf8_lossy(&raw))
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}

fn parse(text: &str) -> Option<Reply> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    Some(Reply {
        status,
        head: head.to_owned(),
        body: if chunked {
            joined(body)?
        } else {
            body.to_owned()
        },
    })
}

fn joined(mut body: &str) -> Option<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix("\r\n")?;
    }
}

#[test]
fn chunks_are_joined() {
    let text =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let reply = parse(text).expect("it is whole");
    assert_eq!((reply.status, reply.body.as_str()), (200, "abcde"));
    assert!(parse("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab").is_none());
}
