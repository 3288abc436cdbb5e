//! Rate limits.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use kt_control_api::{Token, TokenKind};
use serde_json::json;

use super::exchange::{admin, json as body_of, request, status};
use crate::fixture::TestServer;

/// Repeats a request until its status is 429.
fn until_limited(server: &TestServer, token: &str) -> String {
    let mut responses = (0..1000).map(|_| request(server, "GET /v1/whoami", token, ""));
    let refused = responses.find(|response| status(response) == "429");
    refused.expect("no limit after 1000 requests")
}

fn assert_retry_after(response: &str) {
    let (_, rest) = response.split_once("retry-after: ").expect(response);
    let seconds = rest.split('\r').next().and_then(|text| text.parse().ok());
    assert!(
        seconds.is_some_and(|seconds: u32| seconds >= 1),
        "{response}"
    );
    assert_eq!(body_of(response)["code"], "rate-limited");
    let id = body_of(response)["instance"].to_string();
    assert!(id.starts_with("\"req_"), "{response}");
}

#[test]
fn a_token_over_its_limit_does_not_limit_other_callers() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 1);
    let master = admin(&server);
    let new = json!({"name": "busy", "scope": "read"});
    let created = request(&server, "POST /v1/tokens", &master, &new.to_string());
    let busy = body_of(&created)["token"].as_str().unwrap().to_owned();
    assert_retry_after(&until_limited(&server, &busy));
    let other = request(&server, "GET /v1/whoami", &master, "");
    assert_eq!(status(&other), "200", "{other}");
    for _ in 0..10 {
        let mut stream = UnixStream::connect(&server.info.socket).unwrap();
        let head = "GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert_eq!(
            status(&response),
            "200",
            "users of this machine are not limited"
        );
        let open = request(&server, "GET /v1/version", &busy, "");
        assert_eq!(status(&open), "200", "public paths are not limited");
    }
}

#[test]
fn a_valid_token_is_accepted_from_a_limited_address() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    for wrong in ["", "hunter2", Token::random(TokenKind::Access).expose()] {
        let refused = until_limited(&server, wrong);
        assert_retry_after(&refused);
        assert!(!refused.contains("www-authenticate"), "{refused}");
        assert_eq!(
            status(&request(&server, "GET /v1/whoami", &master, "")),
            "200"
        );
    }
    // An insufficient scope is not a failed authentication.
    let new = json!({"name": "r", "scope": "read"}).to_string();
    let created = body_of(&request(&server, "POST /v1/tokens", &master, &new));
    let reader = created["token"].as_str().unwrap();
    let denied = request(&server, "POST /v1/tokens", reader, &new);
    assert_eq!(status(&denied), "403");
}

#[test]
fn limits_can_be_disabled() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    for _ in 0..50 {
        let refused = request(&server, "GET /v1/whoami", "hunter2", "");
        assert_eq!(status(&refused), "401");
    }
}

#[test]
fn failed_authentications_are_audited_without_the_token() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    let unknown = Token::random(TokenKind::Access);
    request(&server, "GET /v1/whoami", unknown.expose(), "");
    let end = Instant::now() + Duration::from_secs(20);
    let row = loop {
        let listed = request(&server, "GET /v1/audit?action=auth.refused", &master, "");
        assert!(!listed.contains(&unknown.expose()[9..]), "{listed}");
        let row = body_of(&listed)["items"][0].clone();
        if !row.is_null() {
            break row;
        }
        assert!(Instant::now() < end, "no audit row");
    };
    assert_eq!(
        (row["actor"].as_str(), row["target"].as_str()),
        (Some("anonymous"), Some("127.0.0.1"))
    );
    assert_eq!(row["detail"], json!({"failures": 1}));
    assert!(row["hash"].is_string(), "the row is part of the hash chain");
}
