//! The client of a gateway's administration socket: one HTTP/1.1 request over a Unix
//! socket, with limits on time and size.

use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The time limit for a response; the gateway responds from memory.
const TIMEOUT: Duration = Duration::from_millis(300);
/// The maximum size of a response, bytes.
const MAX_RESPONSE: usize = 256 * 1024;
const REQUEST: &[u8] = b"GET /status HTTP/1.1\r\nHost: kt\r\nConnection: close\r\n\r\n";

/// The status of a gateway instance: `kt.gateway.instance/1`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InstanceStatus(pub(crate) Value);

impl InstanceStatus {
    /// Returns the value at a JSON pointer, unless it is missing or null.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer).filter(|v| !v.is_null())
    }

    pub(crate) fn flag(&self, pointer: &str) -> Option<bool> {
        self.at(pointer).and_then(Value::as_bool)
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, pointer: &str) -> Option<u64> {
        self.at(pointer).and_then(Value::as_u64)
    }
}

/// Returns the path of the administration socket of a gateway.
pub(crate) fn socket_path(runtime_dir: &Path, gateway_id: &str) -> PathBuf {
    runtime_dir.join(format!("gateway-{gateway_id}.sock"))
}

/// Queries the status of a gateway. The error is the reason, for display.
pub(crate) fn query_status(socket: &Path) -> Result<InstanceStatus, String> {
    let deadline = Instant::now() + TIMEOUT;
    let mut stream = UnixStream::connect(socket).map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("{} does not exist", socket.display()),
        ErrorKind::ConnectionRefused => format!("no process listens on {}", socket.display()),
        _ => format!("{}: {e}", socket.display()),
    })?;
    let io = |e: std::io::Error| match e.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("no response within {} ms", TIMEOUT.as_millis())
        }
        _ => e.to_string(),
    };
    stream.set_write_timeout(Some(TIMEOUT)).map_err(io)?;
    stream.write_all(REQUEST).map_err(io)?;
    let bytes = read(&mut stream, deadline).map_err(io)?;
    parse(&bytes)
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

fn complete(bytes: &[u8]) -> bool {
    let Some((head, body)) = split(bytes) else {
        return false;
    };
    header(head, "content-length")
        .and_then(|l| l.parse::<usize>().ok())
        .is_some_and(|length| body.len() >= length)
}

fn parse(bytes: &[u8]) -> Result<InstanceStatus, String> {
    let (head, body) = split(bytes).ok_or("the response is incomplete")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !head.starts_with("HTTP/1.") || status != "200" {
        return Err(format!(
            "the response is `{}`",
            head.lines().next().unwrap_or_default()
        ));
    }
    if header(head, "transfer-encoding").is_some() {
        return Err("the response is chunked, which is not supported".to_owned());
    }
    let length = header(head, "content-length").and_then(|l| l.parse::<usize>().ok());
    let body = match length {
        Some(length) => body.get(..length).ok_or("the response is incomplete")?,
        None => body,
    };
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(InstanceStatus(value)),
        Ok(_) => Err("the response is not a JSON object".to_owned()),
        Err(error) => Err(format!("cannot parse the response: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, query_status};
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    /// Sends `response` to one request in two parts, and keeps the connection open,
    /// as a server may.
    fn serve(dir: &Path, response: &'static str) -> std::path::PathBuf {
        let path = dir.join("s");
        let listener = UnixListener::bind(&path).unwrap();
        drop(std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 512];
            let read = stream.read(&mut buffer).unwrap();
            assert!(buffer[..read].starts_with(b"GET /status HTTP/1.1\r\n"));
            let (one, two) = response.split_at(response.len() / 2);
            stream.write_all(one.as_bytes()).unwrap();
            stream.write_all(two.as_bytes()).unwrap();
            drop(stream.read(&mut buffer));
        }));
        path
    }

    #[test]
    fn a_response_is_read_to_its_content_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = serve(
            dir.path(),
            "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"ready\":true}",
        );
        let status = query_status(&path).unwrap();
        assert_eq!(status.flag("/ready"), Some(true));
        assert_eq!(status.text("/listen"), None);
    }

    #[test]
    fn timeout_missing_socket_and_refused_connection_are_distinguished() {
        let dir = tempfile::tempdir().unwrap();
        let missing = query_status(&dir.path().join("none")).unwrap_err();
        assert!(missing.contains("does not exist"), "{missing}");
        let silent = dir.path().join("silent");
        let listener = UnixListener::bind(&silent).unwrap();
        let timeout = query_status(&silent).unwrap_err();
        assert!(timeout.contains("no response"), "{timeout}");
        drop(listener);
        assert!(
            query_status(&silent)
                .unwrap_err()
                .contains("no process listens")
        );
    }

    #[test]
    fn malformed_responses_are_rejected() {
        for bytes in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 503 Not Ready\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n[]",
            "HTTP/1.1 200 OK\r\n\r\n{",
            "SSH-2.0\r\n\r\n{}",
        ] {
            parse(bytes.as_bytes()).unwrap_err();
        }
    }
}
