//! The status of a gateway, by its administration socket.

use kt_control_api::{AdminResponse, request_admin};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The time limit for a response; the gateway responds from memory.
const TIMEOUT: Duration = Duration::from_millis(300);

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

/// Queries the status of a gateway. The error is the reason, for display.
pub(crate) fn query_status(socket: &Path) -> Result<InstanceStatus, String> {
    parse(&request_admin(socket, ("GET /status", None), TIMEOUT)?)
}

fn parse(response: &AdminResponse) -> Result<InstanceStatus, String> {
    if response.status() != "200" {
        return Err(format!("the response is `{}`", response.status_line()));
    }
    match serde_json::from_slice(&response.body) {
        Ok(value @ Value::Object(_)) => Ok(InstanceStatus(value)),
        Ok(_) => Err("the response is not a JSON object".to_owned()),
        Err(error) => Err(format!("cannot parse the response: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::query_status;
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
    fn other_responses_are_rejected() {
        for response in [
            "HTTP/1.1 503 Not Ready\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
        ] {
            let dir = tempfile::tempdir().unwrap();
            query_status(&serve(dir.path(), response)).unwrap_err();
        }
    }
}
