use std::os::fd::AsFd as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use kt_cancellation::Cancellation;
use kt_control_api::{
    Client, CreateGatewayRequest, DesiredQuery, ErrorClass, FnTransport, Method, PollOutcome,
    ReloadRequest, Request, RolloutOutcome, ServiceMode, Transport, TransportErrorKind,
};

use super::lock::SharedLock;
use super::{Embedded, LockError, SOCKET_FILE, ServerLock};
use crate::fixture::{LineValidator, TestServer, content, serving};

fn client(directory: &Path) -> Client<impl Transport + use<>> {
    let embedded = Embedded::new(directory, Arc::new(LineValidator));
    Client::new(FnTransport(move |request: &Request| {
        embedded.handle(request, Cancellation::default())
    }))
}

fn edge() -> CreateGatewayRequest {
    CreateGatewayRequest {
        name: "edge".to_owned(),
        content: Some("one".to_owned()),
        ..CreateGatewayRequest::default()
    }
}

fn long_poll(index: u64) -> DesiredQuery {
    DesiredQuery {
        index,
        wait: 60,
        ..DesiredQuery::default()
    }
}

#[test]
fn the_first_request_creates_the_store() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("not/yet/there");
    let created = client(&directory).create_gateway(&edge()).unwrap();
    assert_eq!(client(&directory).gateway("edge").unwrap(), created.gateway);
    assert!(created.token.is_none(), "tokens are used by servers only");
    assert_eq!(
        client(&directory).service_version().unwrap().service,
        ServiceMode::Embedded
    );
}

/// Each request is that of a new process: the log must not grow with their number, because
/// the next one reads all of it.
#[test]
fn the_log_of_short_processes_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    for i in 10..90 {
        let text = format!("{i}").repeat(50_000);
        client(directory.path())
            .reload("edge", &content(&text), None)
            .unwrap();
    }
    let log = directory.path().join("control-plane.db-wal");
    let size = fs::metadata(log).map_or(0, |meta| meta.len());
    assert!(size < 1 << 20, "the log has {size} bytes");
}

#[test]
fn a_long_poll_detects_a_change_of_another_process() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    thread::scope(|scope| {
        let poll = scope.spawn(|| {
            client(directory.path())
                .desired("edge", &long_poll(1))
                .unwrap()
        });
        client(directory.path())
            .reload("edge", &content("two"), None)
            .unwrap();
        let PollOutcome::Changed(response) = poll.join().unwrap() else {
            panic!("unchanged")
        };
        assert_eq!(response.desired.unwrap().version, 2);
    });
}

#[test]
fn a_rollout_ends_with_the_report_of_the_last_instance() {
    let directory = tempfile::tempdir().unwrap();
    let first = client(directory.path())
        .create_gateway(&edge())
        .unwrap()
        .gateway;
    client(directory.path())
        .report_status("edge", &serving(1, &first))
        .unwrap();
    let requested = client(directory.path())
        .reload("edge", &ReloadRequest::default(), None)
        .unwrap();
    thread::scope(|scope| {
        let wait = || client(directory.path()).rollout("edge", requested.generation, Some(1), 60);
        let rollout = scope.spawn(wait);
        client(directory.path())
            .report_status("edge", &serving(2, &requested.gateway))
            .unwrap();
        assert_eq!(
            rollout.join().unwrap().unwrap().outcome,
            RolloutOutcome::Applied
        );
    });
}

#[test]
fn a_long_poll_can_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    let embedded = Embedded::new(directory.path(), Arc::new(LineValidator));
    let poll = Request::new(Method::Get, "/v1/gateways/edge/desired")
        .with_query("index", 1)
        .with_query("wait", 60);
    let (signal, caller) = std::io::pipe().unwrap();
    let cancellation = Cancellation::new(Some(signal.as_fd()), None);
    thread::scope(|scope| {
        let polling = scope.spawn(|| embedded.handle(&poll, cancellation));
        drop(caller);
        let error = polling.join().unwrap().unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Cancelled);
    });
    let soon = Cancellation::new(None, Some(Instant::now() + Duration::from_millis(50)));
    let error = embedded.handle(&poll, soon).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Timeout);
}

#[test]
fn a_long_poll_that_times_out_is_not_an_error() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    let query = DesiredQuery {
        wait: 1,
        ..long_poll(1)
    };
    assert_eq!(
        client(directory.path()).desired("edge", &query).unwrap(),
        PollOutcome::Unchanged
    );
}

#[test]
fn an_unusable_store_is_a_problem_document() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("control-plane.db")).unwrap();
    let error = client(directory.path()).gateway("edge").unwrap_err();
    assert_eq!((error.class, error.status), (ErrorClass::Unavailable, 503));
}

#[test]
fn a_server_waits_for_commands_and_then_excludes_them() {
    let directory = tempfile::tempdir().unwrap();
    let request = SharedLock::take(directory.path()).unwrap().unwrap();
    thread::scope(|scope| {
        let server = scope.spawn(|| ServerLock::take(directory.path()).unwrap());
        drop(request);
        let _server = server.join().unwrap();
        assert!(SharedLock::take(directory.path()).unwrap().is_none());
        let second = ServerLock::take(directory.path());
        assert!(matches!(second, Err(LockError::Served(_))), "{second:?}");
    });
    assert!(
        SharedLock::take(directory.path()).unwrap().is_some(),
        "the lock was released"
    );
}

#[test]
fn requests_go_through_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    let mut server = TestServer::start(directory.path());
    let through = client(directory.path());
    assert_eq!(
        through.service_version().unwrap().service,
        ServiceMode::Server
    );
    assert_eq!(through.who_am_i().unwrap().scope, "admin");
    let gateway = through.gateway("edge").unwrap();
    let response = through
        .reload("edge", &content("two"), Some(gateway.etag()))
        .unwrap();
    assert_eq!(response.version.unwrap().version, 2);
    let stale = through
        .reload("edge", &content("three"), Some(gateway.etag()))
        .unwrap_err();
    assert_eq!((stale.status, stale.class), (412, ErrorClass::Conflict));
    server.stop();
    assert_eq!(
        through.gateway("edge").unwrap().last_version,
        2,
        "in process again"
    );
}

#[test]
fn a_long_poll_moves_to_a_server_that_starts() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    thread::scope(|scope| {
        let poll = scope.spawn(|| {
            client(directory.path())
                .desired("edge", &long_poll(1))
                .unwrap()
        });
        let _server = TestServer::start(directory.path());
        client(directory.path())
            .reload("edge", &content("two"), None)
            .unwrap();
        assert!(matches!(poll.join().unwrap(), PollOutcome::Changed(_)));
    });
}

#[test]
fn a_long_directory_name_does_not_hide_the_socket() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("d".repeat(120));
    client(&directory).create_gateway(&edge()).unwrap();
    let _server = TestServer::start(&directory);
    assert_eq!(
        client(&directory).service_version().unwrap().service,
        ServiceMode::Server
    );
}

#[test]
fn the_deadline_applies_to_a_server_that_does_not_respond() {
    let directory = tempfile::tempdir().unwrap();
    let _server = ServerLock::take(directory.path()).unwrap();
    let embedded = Embedded::new(directory.path(), Arc::new(LineValidator));
    let soon = Cancellation::new(None, Some(Instant::now() + Duration::from_millis(50)));
    let request = Request::new(Method::Get, "/v1/version");
    let error = embedded.handle(&request, soon).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Timeout);
}

#[test]
fn a_request_to_a_server_that_does_not_respond_can_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let _server = ServerLock::take(directory.path()).unwrap();
    let socket = UnixListener::bind(directory.path().join(SOCKET_FILE)).unwrap();
    let embedded = Embedded::new(directory.path(), Arc::new(LineValidator));
    let request = Request::new(Method::Get, "/v1/version");
    let (signal, caller) = std::io::pipe().unwrap();
    let cancellation = Cancellation::new(Some(signal.as_fd()), None);
    thread::scope(|scope| {
        let requesting = scope.spawn(|| embedded.handle(&request, cancellation));
        let _connection = socket.accept().unwrap();
        drop(caller);
        let error = requesting.join().unwrap().unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Cancelled);
    });
}

#[test]
fn streams_are_rejected_with_and_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    let refused = || {
        let request = Request::new(Method::Get, "/v1/gateways/edge/desired/stream");
        let client = client(directory.path());
        let response = client.transport().send(&request).unwrap();
        assert_eq!(response.status, 501);
        assert!(response.body.unwrap().contains("\"needs-server\""));
    };
    refused();
    let _server = TestServer::start(directory.path());
    refused();
}

#[test]
fn a_long_poll_moves_back_at_once_when_the_server_stops() {
    let directory = tempfile::tempdir().unwrap();
    client(directory.path()).create_gateway(&edge()).unwrap();
    let mut server = TestServer::start(directory.path());
    thread::scope(|scope| {
        let poll = scope.spawn(|| {
            client(directory.path())
                .desired("edge", &long_poll(1))
                .unwrap()
        });
        let deadline = Instant::now() + Duration::from_secs(60);
        let metrics = Request::new(Method::Get, "/metrics");
        let is_waiting = || {
            let response = client(directory.path()).transport().send(&metrics);
            response
                .unwrap()
                .body
                .unwrap()
                .contains("kt_cp_long_polls 1\n")
        };
        while !is_waiting() {
            assert!(Instant::now() < deadline, "no long poll");
        }
        server.stop();
        assert_eq!(poll.join().unwrap(), PollOutcome::Unchanged);
    });
}
