//! The metrics endpoint.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::{Token, TokenKind};

use serde_json::json;

use super::exchange::{admin, exchange, json as body_of, request, status};
use crate::fixture::{TestServer, rejecting, report};

/// Scrapes like Prometheus on the same machine.
fn scrape(server: &TestServer) -> String {
    let address = server.info.address;
    let get = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    exchange(address, &get)
}

/// Returns the value of a series.
fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("no `{series}` in\n{metrics}"));
    line.parse().unwrap()
}

fn with_status(method: &str, route: &str, status: u16) -> String {
    format!(
        "kt_cp_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"
    )
}

#[test]
fn requests_and_their_effects_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    let new = r#"{"name": "edge", "content": "one"}"#;
    let created = body_of(&request(&server, "POST /v1/gateways", &admin, new));
    let gateway = serde_json::from_value(created["gateway"].clone()).unwrap();
    let refused = json!(rejecting(report(1), &gateway)).to_string();
    let line = "POST /v1/gateways/edge/status";
    for _ in 0..2 {
        assert_eq!(status(&request(&server, line, &admin, &refused)), "200");
    }
    assert_eq!(status(&request(&server, "GET /v1/whoami", "x", "")), "401");
    let gone = Token::random(TokenKind::Access);
    let requested = request(&server, "GET /v1/whoami", gone.expose(), "");
    assert_eq!(status(&requested), "401");
    assert_eq!(status(&request(&server, "GET /nowhere", &admin, "")), "404");
    let metrics = scrape(&server);
    assert!(metrics.contains("content-type: application/openmetrics-text; version=1.0.0"));
    assert!(metrics.ends_with("# EOF\n"));
    let seen = |series: &str| value(&metrics, series);
    let status_route = "/v1/gateways/{gateway}/status";
    for (series, times) in [
        (with_status("POST", "/v1/gateways", 201), 1.0),
        (with_status("POST", status_route, 200), 2.0),
        (with_status("GET", "/v1/whoami", 401), 2.0),
        (with_status("other", "other", 404), 1.0),
        ("kt_cp_gateways{state=\"rejected\"}".to_owned(), 1.0),
        ("kt_cp_gateways{state=\"in-sync\"}".to_owned(), 0.0),
        (
            "kt_cp_config_rejections_total{code=\"too-big\"}".to_owned(),
            1.0,
        ),
        (
            "kt_cp_auth_failures_total{reason=\"no_token\"}".to_owned(),
            1.0,
        ),
        (
            "kt_cp_auth_failures_total{reason=\"invalid_token\"}".to_owned(),
            1.0,
        ),
        ("kt_cp_store_up".to_owned(), 1.0),
    ] {
        assert_eq!(seen(&series).to_string(), times.to_string(), "{series}");
    }
    assert!(seen("kt_cp_connections") >= 1.0);
    // The audit row of the failed authentications may still be queued.
    assert!((3.0..=5.0).contains(&seen("kt_cp_commit_batch_size_sum")));
    assert!((0.0..=1.0).contains(&seen("kt_cp_write_queue_length")));
    assert!(seen("kt_cp_wal_bytes") > 0.0);
    assert!(seen("kt_cp_commit_seconds_count") >= 1.0);
    assert!(!metrics.contains("edge"), "there are no series per gateway");
}

#[test]
fn long_polls_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    let new = r#"{"name": "edge", "content": "one"}"#;
    request(&server, "POST /v1/gateways", &admin, new);
    let mut poll = TcpStream::connect(server.info.address).unwrap();
    let line = "GET /v1/gateways/edge/desired?index=1&wait=60";
    let requested = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {admin}\r\n\r\n"
    );
    poll.write_all(requested.as_bytes()).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while value(&scrape(&server), "kt_cp_long_polls") < 1.0 {
        assert!(Instant::now() < end, "no long poll");
        thread::yield_now();
    }
    let reload = r#"{"content": "two"}"#;
    request(
        &server,
        "POST /v1/gateways/edge/actions/reload",
        &admin,
        reload,
    );
    let mut response = String::new();
    poll.read_to_string(&mut response).unwrap();
    assert_eq!(status(&response), "200");
    let metrics = scrape(&server);
    assert_eq!(value(&metrics, "kt_cp_long_polls").to_string(), "0");
    assert_eq!(
        value(&metrics, "kt_cp_notification_latency_seconds_count").to_string(),
        "1"
    );
    // The wait is not part of the request duration.
    assert!(!metrics.contains("duration_seconds_count{route=\"/v1/gateways/{gateway}/desired\""));
}

#[test]
fn metrics_without_a_token_require_a_loopback_host() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let address = server.info.address;
    for (host, expected) in [
        ("localhost", "200"),
        ("LocalHost:8080", "200"),
        ("127.0.0.2", "200"),
        ("[::1]:80", "200"),
        ("kt.example", "401"),
        ("localhost.example", "401"),
        ("192.0.2.1", "401"),
        ("", "401"),
    ] {
        let get = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(status(&exchange(address, &get)), expected, "{host}");
    }
}
