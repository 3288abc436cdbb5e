//! The administration sockets of the gateways of this machine: one HTTP/1.1 request each.

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The time limit for a response; the gateway writes one small file.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of a response, bytes.
const MAX_RESPONSE: u64 = 1024 * 1024;

/// Sends a request and returns the JSON of its response. The error is the reason, for display.
pub(super) fn post(socket: &Path, path: &str, body: &str) -> Result<Value, String> {
    let reason = |error: std::io::Error| format!("{}: {error}", socket.display());
    let mut stream = UnixStream::connect(socket).map_err(reason)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(reason)?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(reason)?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: kt\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).map_err(reason)?;
    let mut response = Vec::new();
    stream
        .take(MAX_RESPONSE)
        .read_to_end(&mut response)
        .map_err(reason)?;
    parse(&response)
}

fn parse(response: &[u8]) -> Result<Value, String> {
    let incomplete = || "the response is incomplete".to_owned();
    let text = std::str::from_utf8(response).map_err(|_| incomplete())?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(incomplete)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    let value: Value = serde_json::from_str(body).map_err(|_| incomplete())?;
    match status {
        "200" => Ok(value),
        "404" => Err("it is run by an older kt, which cannot be halted".to_owned()),
        _ => Err(value["error"].as_str().unwrap_or(status).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn errors_are_distinguished_from_responses() {
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"halted\":true}";
        assert_eq!(parse(ok).unwrap(), json!({"halted": true}));
        let invalid = b"HTTP/1.1 422 x\r\n\r\n{\"error\":\"no reason\"}";
        assert_eq!(parse(invalid).unwrap_err(), "no reason");
        let old = b"HTTP/1.1 404 x\r\n\r\n{\"error\":\"unknown path\"}";
        assert!(parse(old).unwrap_err().contains("older kt"));
        for broken in ["", "HTTP/1.1 200 OK\r\n\r\n{", "SSH-2.0"] {
            parse(broken.as_bytes()).unwrap_err();
        }
    }
}
