//! The administration sockets of the gateways of this machine: where they are, and one HTTP/1.1
//! request to one of them, with limits on time and size.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The maximum size of a response, bytes.
const MAX_RESPONSE: usize = 256 * 1024;

/// What a socket has responded.
#[derive(Debug)]
pub struct AdminResponse {
    head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Returns the path of the socket of a gateway, by its id or `local` for one without a control
/// plane.
#[must_use]
pub fn admin_socket(runtime_dir: &Path, gateway: &str) -> PathBuf {
    runtime_dir.join(format!("gateway-{gateway}.sock"))
}

/// Returns the sockets in a runtime directory with what they are named by, sorted. That of a process
/// that was killed remains.
#[must_use]
pub fn admin_sockets(runtime_dir: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(runtime_dir).into_iter().flatten();
    let mut sockets: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let file = entry.file_name().into_string().ok()?;
            let gateway = file.strip_prefix("gateway-")?.strip_suffix(".sock")?;
            Some((gateway.to_owned(), entry.path()))
        })
        .collect();
    sockets.sort();
    sockets
}

/// Sends a request, such as `GET /status`, with a JSON body if there is one.
///
/// # Errors
/// The reason, for display.
pub fn request_admin(
    socket: &Path,
    (request, body): (&str, Option<&str>),
    limit: Duration,
) -> Result<AdminResponse, String> {
    let deadline = Instant::now() + limit;
    let mut stream = UnixStream::connect(socket).map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("{} does not exist", socket.display()),
        ErrorKind::ConnectionRefused => format!("no process listens on {}", socket.display()),
        _ => format!("{}: {e}", socket.display()),
    })?;
    let io = |e: std::io::Error| match e.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("no response within {} ms", limit.as_millis())
        }
        _ => e.to_string(),
    };
    let body = body.map_or_else(String::new, |body| {
        let length = body.len();
        format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    });
    let end = if body.is_empty() { "\r\n" } else { "" };
    let request = format!("{request} HTTP/1.1\r\nHost: kt\r\nConnection: close\r\n{body}{end}");
    stream.set_write_timeout(Some(limit)).map_err(io)?;
    stream.write_all(request.as_bytes()).map_err(io)?;
    let bytes = read(&mut stream, deadline).map_err(io)?;
    parse(&bytes)
}

impl AdminResponse {
    /// Returns the status code, as it was sent.
    #[must_use]
    pub fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Returns the first line, for display.
    #[must_use]
    pub fn status_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

fn read(stream: &mut UnixStream, deadline: Instant) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8192];
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(remaining))?;
        let count = match stream.read(&mut chunk) {
            // The kernel does not restart a read with a timeout, for example after
            // SIGSTOP and SIGCONT.
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(part) = chunk.get(..count).filter(|p| !p.is_empty()) else {
            return Ok(bytes);
        };
        bytes.extend_from_slice(part);
        if bytes.len() > MAX_RESPONSE {
            return Err(std::io::Error::new(
                ErrorKind::InvalidData,
                "the response is too large",
            ));
        }
        if complete(&bytes) {
            return Ok(bytes);
        }
    }
}

/// Splits a response into head and body; returns `None` until the head is complete.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    Some((head, bytes.get(end + 4..)?))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn content_length(head: &str) -> Option<usize> {
    header(head, "content-length").and_then(|length| length.parse().ok())
}

fn complete(bytes: &[u8]) -> bool {
    let Some((head, body)) = split(bytes) else {
        return false;
    };
    content_length(head).is_some_and(|length| body.len() >= length)
}

fn parse(bytes: &[u8]) -> Result<AdminResponse, String> {
    let (head, body) = split(bytes).ok_or("the response is incomplete")?;
    if !head.starts_with("HTTP/1.") {
        let line = head.lines().next().unwrap_or_default();
        return Err(format!("the response is `{line}`"));
    }
    if header(head, "transfer-encoding").is_some() {
        return Err("the response is chunked, which is not supported".to_owned());
    }
    let body = match content_length(head) {
        Some(length) => body.get(..length).ok_or("the response is incomplete")?,
        None => body,
    };
    Ok(AdminResponse {
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{admin_socket, admin_sockets, parse, request_admin};
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    #[test]
    fn timeout_missing_socket_and_refused_connection_are_distinguished() {
        let dir = tempfile::tempdir().unwrap();
        let socket = admin_socket(dir.path(), "local");
        let ask = || {
            let limit = Duration::from_millis(100);
            request_admin(&socket, ("GET /status", None), limit).unwrap_err()
        };
        assert!(ask().contains("does not exist"), "{}", ask());
        let listener = UnixListener::bind(&socket).unwrap();
        assert!(ask().contains("no response"), "{}", ask());
        drop(listener);
        assert!(ask().contains("no process listens"), "{}", ask());
        std::fs::write(dir.path().join("kt.sock"), "").unwrap();
        assert_eq!(admin_sockets(dir.path()), [("local".to_owned(), socket)]);
    }

    #[test]
    fn malformed_responses_are_rejected() {
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "SSH-2.0\r\n\r\n{}",
        ] {
            parse(bytes.as_bytes()).unwrap_err();
        }
        let response = parse(b"HTTP/1.1 422 x\r\ncontent-length: 2\r\n\r\n{}more").unwrap();
        assert_eq!((response.status(), &*response.body), ("422", &b"{}"[..]));
    }
}
