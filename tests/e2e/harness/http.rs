//! One HTTP/1.1 request over one connection: enough for requests to the servers
//! under test, without a client library that might tolerate mistakes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server that has not responded by then hangs.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// A response.
#[derive(Debug, Clone)]
#[must_use = "a response that is not checked proves nothing"]
pub(crate) struct HttpResponse {
    /// Status code.
    pub(crate) status: u16,
    /// The status line and the headers, as received.
    pub(crate) head: String,
    /// The body, with its chunks joined.
    pub(crate) body: String,
}

/// Sends a request to `127.0.0.1:port`.
///
/// # Errors
/// When there is no connection, or no complete response.
pub(crate) fn http(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<HttpResponse> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
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
        .ok_or_else(|| std::io::Error::other("the response is not HTTP"))
}

fn parse(text: &str) -> Option<HttpResponse> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    Some(HttpResponse {
        status,
        head: head.to_owned(),
        body: if chunked {
            join_chunks(body)?
        } else {
            body.to_owned()
        },
    })
}

fn join_chunks(mut body: &str) -> Option<String> {
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
    let response = parse(text).expect("it is complete");
    assert_eq!((response.status, response.body.as_str()), (200, "abcde"));
    assert!(parse("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab").is_none());
}
