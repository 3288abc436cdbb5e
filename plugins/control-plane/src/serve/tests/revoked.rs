//! Revoked and rotated tokens.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use super::exchange::{admin, json as body_of, read_some, request, status};
use crate::fixture::TestServer;

fn issue(server: &TestServer, new: &serde_json::Value) -> (String, String) {
    let created = request(server, "POST /v1/tokens", &admin(server), &new.to_string());
    assert_eq!(status(&created), "201", "{created}");
    assert!(created.contains("cache-control: no-store"), "{created}");
    let created = body_of(&created);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&created["info"]["id"]), text(&created["token"]))
}

#[test]
fn a_revoked_token_is_rejected_at_once_also_in_long_polls() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    let new = r#"{"name": "edge", "content": "one"}"#;
    request(&server, "POST /v1/gateways", &master, new);
    let (id, token) = issue(&server, &json!({"name": "r", "scope": "read"}));
    let get = |target: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")
    };
    let mut waiting = TcpStream::connect(server.info.address).unwrap();
    let wait = get("/v1/gateways/edge/desired?index=1&wait=300");
    // Both requests are sent together: after the first response, the server has the second one.
    waiting
        .write_all((get("/v1/version") + &wait).as_bytes())
        .unwrap();
    assert_eq!(status(&read_some(&mut waiting)), "200");

    let line = format!("DELETE /v1/tokens/{id}");
    assert_eq!(status(&request(&server, &line, &master, "")), "200");
    assert_eq!(
        status(&read_some(&mut waiting)),
        "401",
        "the long poll ended"
    );
    let response = request(&server, "GET /v1/whoami", &token, "");
    assert_eq!(status(&response), "401");
}

#[test]
fn rotation_replaces_a_token_atomically() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    let (id, token) = issue(&server, &json!({"name": "r", "scope": "read"}));
    let line = format!("POST /v1/tokens/{id}/rotate");
    let rotated = body_of(&request(&server, &line, &master, "{}"));
    let next = rotated["token"].as_str().unwrap();
    let who = |token: &str| request(&server, "GET /v1/whoami", token, "");
    assert_eq!(status(&who(&token)), "401");
    assert_eq!(body_of(&who(next))["scope"], "read");
}
