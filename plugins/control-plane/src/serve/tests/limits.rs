//! Callers who ask too often.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use kt_control_api::{Token, TokenKind};
use serde_json::json;

use super::exchange::{admin, json as body_of, request, status};
use crate::fixture::TestServer;

/// Asks until the answer is 429, which must not take many attempts.
fn until_refused(server: &TestServer, token: &str) -> String {
    let mut answers = (0..1000).map(|_| request(server, "GET /v1/whoami", token, ""));
    let refused = answers.find(|answer| status(answer) == "429");
    refused.expect("a thousand requests were too few")
}

fn is_told_when(answer: &str) {
    let (_, rest) = answer.split_once("retry-after: ").expect(answer);
    let seconds = rest.split('\r').next().and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|seconds: u32| seconds >= 1), "{answer}");
    assert_eq!(body_of(answer)["code"], "rate-limited");
    let id = body_of(answer)["instance"].to_string();
    assert!(id.starts_with("\"req_"), "{answer}");
}

#[test]
fn a_token_that_asks_too_often_waits_and_nobody_else_does() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 1);
    let master = admin(&server);
    let new = json!({"name": "busy", "scope": "read"});
    let made = request(&server, "POST /v1/tokens", &master, &new.to_string());
    let busy = body_of(&made)["token"].as_str().unwrap().to_owned();
    is_told_when(&until_refused(&server, &busy));
    let other = request(&server, "GET /v1/whoami", &master, "");
    assert_eq!(status(&other), "200", "{other}");
    for _ in 0..10 {
        let mut stream = UnixStream::connect(&server.started.socket).unwrap();
        let head = "GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(status(&answer), "200", "a user of this machine");
        let open = request(&server, "GET /v1/version", &busy, "");
        assert_eq!(status(&open), "200", "an open path needs no token");
    }
}

#[test]
fn a_good_token_is_let_in_whatever_others_at_its_address_do() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    for wrong in ["", "hunter2", Token::random(TokenKind::Access).expose()] {
        let refused = until_refused(&server, wrong);
        is_told_when(&refused);
        assert!(!refused.contains("www-authenticate"), "{refused}");
        assert_eq!(
            status(&request(&server, "GET /v1/whoami", &master, "")),
            "200"
        );
    }
    // A token that is good and does not suffice is no failure to show one.
    let new = json!({"name": "r", "scope": "read"}).to_string();
    let made = body_of(&request(&server, "POST /v1/tokens", &master, &new));
    let reader = made["token"].as_str().unwrap();
    let denied = request(&server, "POST /v1/tokens", reader, &new);
    assert_eq!(status(&denied), "403");
}

#[test]
fn limits_can_be_left_to_others() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    for _ in 0..50 {
        let refused = request(&server, "GET /v1/whoami", "hunter2", "");
        assert_eq!(status(&refused), "401");
    }
}

#[test]
fn whoever_shows_no_valid_token_is_in_the_trail_and_the_token_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    let stranger = Token::random(TokenKind::Access);
    request(&server, "GET /v1/whoami", stranger.expose(), "");
    let end = Instant::now() + Duration::from_secs(20);
    let row = loop {
        let listed = request(&server, "GET /v1/audit?action=auth.refused", &master, "");
        assert!(!listed.contains(&stranger.expose()[9..]), "{listed}");
        let row = body_of(&listed)["items"][0].clone();
        if !row.is_null() {
            break row;
        }
        assert!(Instant::now() < end, "waited in vain for the row");
    };
    assert_eq!(
        (row["actor"].as_str(), row["target"].as_str()),
        (Some("nobody"), Some("127.0.0.1"))
    );
    assert_eq!(row["detail"], json!({"failures": 1}));
    assert!(row["hash"].is_string(), "sealed as every row");
}
