//! Requests to the administration sockets of the gateways of this machine.

use kt_control_api::request_admin;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The time limit for a response; the gateway writes one small file.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends a request and returns the JSON of its response. The error is the reason, for display.
pub(super) fn post(socket: &Path, path: &str, body: &str) -> Result<Value, String> {
    let request = (&*format!("POST {path}"), Some(body));
    let response = request_admin(socket, request, TIMEOUT)?;
    parse(response.status(), &response.body)
}

fn parse(status: &str, body: &[u8]) -> Result<Value, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| "the response is incomplete".to_owned())?;
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
        let halted = parse("200", b"{\"halted\":true}").unwrap();
        assert_eq!(halted, json!({"halted": true}));
        let invalid = parse("422", b"{\"error\":\"no reason\"}").unwrap_err();
        assert_eq!(invalid, "no reason");
        let old = parse("404", b"{\"error\":\"unknown path\"}").unwrap_err();
        assert!(old.contains("older kt"));
        parse("200", b"{").unwrap_err();
    }
}
