use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kt_control_api::{Token, TokenKind};

use super::exchange::{admin, exchange, read_some, request, status};
use crate::fixture::TestServer;
use crate::serve::{MAX_REQUESTS_PER_SECOND, ServeError, ServeOptions};

fn options(directory: &Path, listen: &str) -> ServeOptions {
    ServeOptions {
        directory: directory.to_owned(),
        database: None,
        listen: listen.parse().unwrap(),
        tls: None,
        admin_token_file: None,
        max_requests_per_second: MAX_REQUESTS_PER_SECOND,
        backups: None,
    }
}

#[test]
fn the_first_start_creates_a_private_token_and_later_ones_keep_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = TestServer::start(directory.path());
    assert!(first.info.admin_token_created);
    let token = admin(&first);
    let mode = fs::metadata(&first.info.admin_token_file)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    first.stop();
    let second = TestServer::start(directory.path());
    assert!(!second.info.admin_token_created);
    assert_eq!(admin(&second), token);
    assert_eq!(
        status(&request(&second, "GET /v1/whoami", &token, "")),
        "200"
    );
}

#[test]
fn without_a_valid_token_only_public_paths_respond() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let unknown = Token::random(TokenKind::Access);
    let token = admin(&server);
    let (most, last) = token.split_at(token.len() - 1);
    // Any other last character.
    let mistyped = format!("{most}{}", if last == "x" { "y" } else { "x" });
    for token in ["", "hunter2", unknown.expose(), &mistyped] {
        let response = request(&server, "GET /v1/gateways", token, "");
        assert_eq!(status(&response), "401", "{response}");
        assert!(response.contains("www-authenticate: Bearer"));
        assert!(!response.contains("hunter2"));
    }
    for path in ["/healthz", "/readyz", "/v1/version"] {
        assert_eq!(
            status(&request(&server, &format!("GET {path}"), "", "")),
            "200"
        );
    }
}

#[test]
fn a_gateway_is_created_used_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let token = admin(&server);
    let new = r#"{"name": "edge", "content": "one", "issue_token": true}"#;
    let created = request(&server, "POST /v1/gateways", &token, new);
    assert_eq!(status(&created), "201");
    assert!(created.contains("location: /v1/gateways/gw_") && created.contains("etag: \"1\""));
    let own = created
        .split('"')
        .find(|text| text.starts_with("kt_gk_"))
        .unwrap();
    let response = request(&server, "GET /v1/gateways/edge/desired?index=0", own, "");
    assert_eq!(status(&response), "200");
    assert_eq!(
        status(&request(&server, "GET /v1/gateways", own, "")),
        "403"
    );
    let content = request(
        &server,
        "GET /v1/gateways/edge/config-versions/1/content",
        own,
        "",
    );
    assert!(content.contains("immutable") && content.ends_with("\r\n\r\none"));
    assert_eq!(
        status(&request(&server, "DELETE /v1/gateways/edge", &token, "")),
        "204"
    );
    let gone = request(&server, "GET /v1/gateways/edge/desired", own, "");
    assert_eq!(
        status(&gone),
        "401",
        "the token was deleted with the gateway"
    );
}

#[test]
fn malformed_requests_are_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let token = admin(&server);
    let address = server.info.address;
    let head = format!("authorization: Bearer {token}\r\nhost: x\r\nconnection: close\r\n");
    for (expected, bytes) in [
        ("400", "nonsense\r\n\r\n".to_owned()),
        ("405", format!("PUT /v1/gateways HTTP/1.1\r\n{head}\r\n")),
        (
            "404",
            format!("GET /v1/gateways/..%2f..%2fetc HTTP/1.1\r\n{head}\r\n"),
        ),
        (
            "400",
            format!("GET /v1/gateways?a=%ff HTTP/1.1\r\n{head}\r\n"),
        ),
        (
            "400",
            format!("GET /v1/gateways?a=1&a=2 HTTP/1.1\r\n{head}\r\n"),
        ),
        (
            "413",
            format!("POST /v1/gateways HTTP/1.1\r\n{head}content-length: 99999999\r\n\r\n"),
        ),
        (
            "431",
            format!(
                "GET / HTTP/1.1\r\n{head}x: {}\r\n\r\n",
                "x".repeat(64 * 1024)
            ),
        ),
    ] {
        assert_eq!(status(&exchange(address, &bytes)), expected, "{bytes:.60}");
    }
    let broken = [b"POST /v1/gateways HTTP/1.1\r\n", head.as_bytes()].concat();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&broken).unwrap();
    stream
        .write_all(b"content-length: 2\r\n\r\n\xff\xfe")
        .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert_eq!(status(&response), "400");
    assert_eq!(status(&request(&server, "GET /healthz", "", "")), "200");
}

#[test]
fn a_long_poll_responds_to_a_change_and_to_the_shutdown_of_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = TestServer::start(directory.path());
    let token = admin(&server);
    request(
        &server,
        "POST /v1/gateways",
        &token,
        r#"{"name": "edge", "content": "one"}"#,
    );
    let address = server.info.address;
    let poll = |index: u64| {
        let get = |target: &str| {
            format!("GET {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")
        };
        let wait = get(&format!("/v1/gateways/edge/desired?index={index}&wait=300"));
        let mut stream = TcpStream::connect(address).unwrap();
        // Both requests are sent together: after the first response, the server has the second one.
        stream
            .write_all((get("/v1/version") + &wait).as_bytes())
            .unwrap();
        assert_eq!(status(&read_some(&mut stream)), "200");
        stream
    };
    let mut waiting = poll(1);
    let reload = r#"{"content": "two"}"#;
    request(
        &server,
        "POST /v1/gateways/edge/actions/reload",
        &token,
        reload,
    );
    assert_eq!(status(&read_some(&mut waiting)), "200", "after the change");
    let mut waiting: Vec<_> = (0..30).map(|_| poll(2)).collect();
    server.stop();
    let delays: BTreeSet<_> = waiting.iter_mut().map(read_retry_after).collect();
    assert!(delays.iter().all(|seconds| *seconds <= 5), "{delays:?}");
    assert!(delays.len() > 1, "all delays are equal: {delays:?}");
    assert!(!directory.path().join("control-plane.sock").exists());
}

/// Reads the response to a long poll that ended because the server shut down.
fn read_retry_after(waiting: &mut TcpStream) -> u16 {
    let response = read_some(waiting);
    assert_eq!(status(&response), "304", "not closed without a response");
    assert!(response.contains("connection: close\r\n"), "{response}");
    let (_, rest) = response
        .split_once("retry-after: ")
        .expect("no retry-after");
    rest.lines().next().unwrap().parse().unwrap()
}

#[test]
fn a_server_does_not_start_with_unsafe_options() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |options| TestServer::start_with(options).map(drop).unwrap_err();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let error = refused(options(directory.path(), address));
        assert!(matches!(error, ServeError::NotLoopback(_)), "{error}");
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        0,
        "nothing was created"
    );

    let server = TestServer::start(directory.path());
    let second = refused(options(directory.path(), "127.0.0.1:0"));
    assert!(matches!(second, ServeError::Lock(_)), "{second}");
    let other = tempfile::tempdir().unwrap();
    let taken = refused(options(other.path(), &server.info.address.to_string()));
    assert!(matches!(taken, ServeError::Listen(..)), "{taken}");
}

#[test]
fn the_admin_token_file_must_be_private_and_contain_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine");
    let with_file = || ServeOptions {
        admin_token_file: Some(file.clone()),
        ..options(directory.path(), "127.0.0.1:0")
    };
    let error = || {
        TestServer::start_with(with_file())
            .map(drop)
            .unwrap_err()
            .to_string()
    };
    assert!(error().contains("No such file"));
    fs::write(&file, "hunter2").unwrap();
    assert!(error().contains("chmod 600"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let message = error();
    assert!(
        message.contains("not a kt token") && !message.contains("hunter2"),
        "{message}"
    );
    let token = Token::random(TokenKind::Access);
    fs::write(&file, token.expose()).unwrap();
    let server = TestServer::start_with(with_file()).unwrap();
    assert_eq!(
        status(&request(&server, "GET /v1/gateways", token.expose(), "")),
        "200"
    );
}
