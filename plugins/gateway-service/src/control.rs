//! Asks a gateway over its administration socket: one request, one answer, in
//! HTTP/1.1 over a Unix socket, with a limit on everything.

use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a gateway may take to answer; it answers from memory.
const PATIENCE: Duration = Duration::from_millis(300);
/// Longest answer that is read, bytes.
const LIMIT: usize = 256 * 1024;
const REQUEST: &[u8] = b"GET /status HTTP/1.1\r\nHost: kt\r\nConnection: close\r\n\r\n";

/// What a gateway says of itself: `kt.gateway.instance/1`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InstanceStatus(pub(crate) Value);

impl InstanceStatus {
    /// The value at a JSON pointer, if it is there and not null.
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

/// The socket of a gateway.
pub(crate) fn socket(runtime_dir: &Path, gateway_id: &str) -> PathBuf {
    runtime_dir.join(format!("gateway-{gateway_id}.sock"))
}

/// Asks a gateway how it is; the error says for people why there is no answer.
pub(crate) fn ask(socket: &Path) -> Result<InstanceStatus, String> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = UnixStream::connect(socket).map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("{} does not exist", socket.display()),
        ErrorKind::ConnectionRefused => format!("nobody listens on {}", socket.display()),
        _ => format!("{}: {e}", socket.display()),
    })?;
    let io = |e: std::io::Error| match e.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("it does not answer within {} ms", PATIENCE.as_millis())
        }
        _ => e.to_string(),
    };
    stream.set_write_timeout(Some(PATIENCE)).map_err(io)?;
    stream.write_all(REQUEST).map_err(io)?;
    let bytes = read(&mut stream, deadline).map_err(io)?;
    parse(&bytes)
}

fn read(stream: &mut UnixStream, deadline: Instant) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8192];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let count = match stream.read(&mut chunk) {
            // A limited read is not begun again by the system, such as after
            // the process was stopped for a while.
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(part) = chunk.get(..count).filter(|p| !p.is_empty()) else {
            return Ok(bytes);
        };
        bytes.extend_from_slice(part);
        if bytes.len() > LIMIT {
            return Err(std::io::Error::new(
                ErrorKind::InvalidData,
                "its answer is too long",
            ));
        }
        if complete(&bytes) {
            return Ok(bytes);
        }
    }
}

/// Head and body; `None` until the head is whole.
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
    let (head, body) = split(bytes).ok_or("its answer is cut off")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !head.starts_with("HTTP/1.") || status != "200" {
        return Err(format!(
            "it answers `{}`",
            head.lines().next().unwrap_or_default()
        ));
    }
    if header(head, "transfer-encoding").is_some() {
        return Err("its answer comes in chunks, which a status never does".to_owned());
    }
    let length = header(head, "content-length").and_then(|l| l.parse::<usize>().ok());
    let body = match length {
        Some(length) => body.get(..length).ok_or("its answer is cut off")?,
        None => body,
    };
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(InstanceStatus(value)),
        Ok(_) => Err("its answer is no object".to_owned()),
        Err(error) => Err(format!("its answer cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{ask, parse};
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    /// Answers one request with `answer` in two parts; keeps the connection
    /// open, as a server may.
    fn answering(dir: &Path, answer: &'static str) -> std::path::PathBuf {
        let path = dir.join("s");
        let listener = UnixListener::bind(&path).unwrap();
        drop(std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 512];
            let asked = stream.read(&mut buffer).unwrap();
            assert!(buffer[..asked].starts_with(b"GET /status HTTP/1.1\r\n"));
            let (one, two) = answer.split_at(answer.len() / 2);
            stream.write_all(one.as_bytes()).unwrap();
            stream.write_all(two.as_bytes()).unwrap();
            drop(stream.read(&mut buffer));
        }));
        path
    }

    #[test]
    fn an_answer_is_read_to_its_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = answering(
            dir.path(),
            "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"ready\":true}",
        );
        let status = ask(&path).unwrap();
        assert_eq!(status.flag("/ready"), Some(true));
        assert_eq!(status.text("/listen"), None);
    }

    #[test]
    fn silence_absence_and_refusal_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let absent = ask(&dir.path().join("none")).unwrap_err();
        assert!(absent.contains("does not exist"), "{absent}");
        let silent = dir.path().join("silent");
        let listener = UnixListener::bind(&silent).unwrap();
        let silence = ask(&silent).unwrap_err();
        assert!(silence.contains("does not answer"), "{silence}");
        drop(listener);
        assert!(ask(&silent).unwrap_err().contains("nobody listens"));
    }

    #[test]
    fn broken_answers_are_no_answers() {
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
