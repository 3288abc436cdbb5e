//! Tests of a connection against scripted upstreams.

use super::super::transport::Transport;
use super::connection::{Http1Connection, RequestError};
use super::error::Http1Error;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\npong";
const EVENTS: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

type Connection = Http1Connection<DuplexStream>;

/// What a client received.
#[derive(Debug, PartialEq)]
struct Received {
    status: StatusCode,
    body: String,
    /// The connection can be used again.
    is_ready: bool,
}

fn run<R>(test: impl Future<Output = R>) -> R {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let test = async { timeout(Duration::from_secs(60), test).await };
    runtime.block_on(test).expect("no deadlock")
}

async fn send(
    connection: &mut Connection,
    body: &[u8],
) -> Result<super::response_head::ResponseHead, RequestError> {
    let request = Request::post("/").body(Bytes::copy_from_slice(body));
    let host = HeaderValue::from_static("h");
    connection
        .send(&request.unwrap(), &Uri::from_static("/v1"), &host)
        .await
}

async fn exchange(connection: &mut Connection) -> Result<Received, Http1Error> {
    let head = send(connection, b"ping")
        .await
        .map_err(|error| error.error)?;
    let mut body = Vec::new();
    while let Some(data) = connection.data().await? {
        assert!(!data.is_empty());
        body.extend_from_slice(&data);
    }
    Ok(Received {
        status: head.status,
        body: String::from_utf8(body).unwrap(),
        is_ready: connection.is_ready(),
    })
}

/// Reads a request to its end.
async fn read_request(upstream: &mut DuplexStream) -> String {
    let mut received = Vec::new();
    while !received.ends_with(b"ping") {
        assert_ne!(upstream.read_buf(&mut received).await.unwrap(), 0);
    }
    String::from_utf8(received).unwrap()
}

/// Answers one request; the transport holds at most `part` bytes in each direction.
fn answered(response: &str, part: usize, closes: bool) -> Result<Received, Http1Error> {
    run(async {
        let (client, mut upstream) = duplex(part);
        let mut connection = Connection::new(client);
        let script = async {
            read_request(&mut upstream).await;
            // Fails when the client has found an error.
            drop(upstream.write_all(response.as_bytes()).await);
            (!closes).then_some(upstream)
        };
        let (received, _upstream) = tokio::join!(
            async {
                let received = exchange(&mut connection).await;
                // A client that does not read any more closes the connection.
                if received.is_err() {
                    connection = Connection::new(duplex(1).0);
                }
                received
            },
            script
        );
        received
    })
}

#[test]
fn a_response_is_read_wherever_it_is_split() {
    let chunks = "3;x=y\r\npin\r\n7\r\ng, pong\r\n0\r\nt: u\r\n\r\n";
    for (head, body, is_ready) in [
        (OK.to_owned(), "pong", true),
        (format!("HTTP/1.1 100 Continue\r\n\r\n{OK}"), "pong", true),
        (format!("{EVENTS}{chunks}"), "ping, pong", true),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "",
            true,
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "", true),
        (
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n".to_owned(),
            "",
            true,
        ),
        (OK.replace("OK", "OK\r\nconnection: close"), "pong", false),
        (OK.replace("1.1", "1.0"), "pong", false),
    ] {
        for part in 1..=head.len() + 1 {
            let received = answered(&head, part, false);
            let received = received.unwrap_or_else(|error| panic!("{head:?}, {part}: {error}"));
            assert_eq!(
                (received.body.as_str(), received.is_ready),
                (body, is_ready),
                "{head:?}, {part}"
            );
        }
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let response = "HTTP/1.1 200 OK\r\n\r\nping, pong";
    for part in 1..=response.len() + 1 {
        let received = answered(response, part, true).unwrap();
        let expected = ("ping, pong", false);
        assert_eq!(
            (received.body.as_str(), received.is_ready),
            expected,
            "{part}"
        );
    }
}

#[test]
fn a_response_that_breaks_off_is_an_error() {
    for whole in [OK, &format!("{EVENTS}4\r\npong\r\n0\r\nt: u\r\n\r\n")] {
        for end in 0..whole.len() {
            for part in [1, 7, whole.len()] {
                let error = answered(&whole[..end], part, true).unwrap_err();
                let is_expected = match end {
                    0 => matches!(error, Http1Error::Closed),
                    _ => matches!(error, Http1Error::Incomplete),
                };
                assert!(is_expected, "{end}, {part}: {error}");
            }
        }
    }
}

#[test]
fn a_malformed_response_is_an_error() {
    for response in [
        "<html>",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",
        &format!("{EVENTS}x\r\n"),
        &format!("{EVENTS}4\npong\n0\n\n"),
        &format!("{EVENTS}4\r\npong!\r\n0\r\n\r\n"),
        &format!("{EVENTS}4\r\npong\r\n10000000000000000\r\n"),
    ] {
        for part in [1, 7, response.len()] {
            let error = answered(response, part, false).unwrap_err();
            assert!(
                matches!(error, Http1Error::Malformed(_)),
                "{response:?}: {error}"
            );
        }
    }
}

/// What follows a response could be taken for the response to the next request.
#[test]
fn a_connection_with_surplus_bytes_is_not_used_again() {
    for response in [
        format!("{OK}{OK}"),
        format!("{OK}\r\n"),
        format!("{EVENTS}0\r\n\r\n0\r\n\r\n"),
        format!("HTTP/1.1 204 No Content\r\n\r\n{OK}"),
    ] {
        for split in 0..=response.len() {
            run(async {
                let (client, mut upstream) = duplex(4096);
                let mut connection = Connection::new(client);
                let (before, after) = response.as_bytes().split_at(split);
                let script = async {
                    upstream.write_all(before).await.unwrap();
                    read_request(&mut upstream).await;
                    upstream.write_all(after).await.unwrap();
                    upstream
                };
                let (received, _upstream) = tokio::join!(exchange(&mut connection), script);
                received.unwrap();
                assert!(!connection.is_ready(), "{response:?}, {split}");
            });
        }
    }
}

#[test]
fn a_connection_carries_one_request_after_the_other() {
    run(async {
        let (client, mut upstream) = duplex(4096);
        let mut connection = Connection::new(client);
        let script = async {
            for _ in 0..3 {
                let request = read_request(&mut upstream).await;
                assert_eq!(
                    request,
                    "POST /v1 HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nping"
                );
                upstream.write_all(OK.as_bytes()).await.unwrap();
            }
            upstream
        };
        let requests = async {
            for _ in 0..3 {
                assert!(connection.is_ready());
                let received = exchange(&mut connection).await.unwrap();
                assert_eq!(received.body, "pong");
            }
        };
        let (mut upstream, ()) = tokio::join!(script, requests);
        assert!(connection.is_ready());
        upstream.write_all(b"H").await.unwrap();
        assert!(!connection.is_ready());
    });
}

#[test]
fn an_idle_connection_that_was_closed_is_noticed() {
    let (client, upstream) = duplex(16);
    let mut connection = Connection::new(client);
    assert!(connection.is_ready());
    drop(upstream);
    assert!(!connection.is_ready());
    // One that is closed while the request is on its way.
    let error = run(send(&mut connection, b"ping")).unwrap_err();
    assert!(error.is_disconnect, "{}", error.error);
}

#[test]
fn a_request_with_a_response_was_not_lost() {
    for response in ["H", "HTTP/1.1 100 Continue\r\n\r\n", "<html>"] {
        let error = run(async {
            let (client, mut upstream) = duplex(4096);
            let mut connection = Connection::new(client);
            let script = async {
                read_request(&mut upstream).await;
                upstream.write_all(response.as_bytes()).await.unwrap();
                drop(upstream);
            };
            tokio::join!(send(&mut connection, b"ping"), script).0
        });
        assert!(!error.unwrap_err().is_disconnect, "{response:?}");
    }
}

/// An upstream that refuses a large request does not read it first.
#[test]
fn a_response_may_come_before_the_request_was_sent() {
    let body = vec![b'x'; 1 << 20];
    for closes in [false, true] {
        run(async {
            let (client, mut upstream) = duplex(512);
            let mut connection = Connection::new(client);
            let script = async {
                upstream.read_u8().await.unwrap();
                let head = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\nlong";
                upstream.write_all(head.as_bytes()).await.unwrap();
                (!closes).then_some(upstream)
            };
            let (head, _upstream) = tokio::join!(send(&mut connection, &body), script);
            assert_eq!(head.unwrap().status, 413);
            assert_eq!(connection.data().await.unwrap().unwrap(), "long");
            assert_eq!(connection.data().await.unwrap(), None);
            assert!(!connection.is_ready());
        });
    }
}

/// An upstream that begins to answer early still gets the whole request.
#[test]
fn the_rest_of_a_request_is_sent_while_the_response_is_read() {
    run(async {
        let (client, mut upstream) = duplex(64);
        let mut connection = Connection::new(client);
        let script = async {
            upstream.write_all(EVENTS.as_bytes()).await.unwrap();
            let mut received = 0;
            let mut buffer = [0; 1000];
            while received < 100_000 {
                received += upstream.read(&mut buffer).await.unwrap();
            }
            upstream.write_all(b"4\r\npong\r\n0\r\n\r\n").await.unwrap();
            upstream
        };
        let body = vec![b'x'; 100_000];
        let request = async {
            send(&mut connection, &body).await.unwrap();
            assert_eq!(connection.data().await.unwrap().unwrap(), "pong");
            assert_eq!(connection.data().await.unwrap(), None);
        };
        let _upstream = tokio::join!(script, request);
    });
}

#[test]
fn a_request_that_is_cut_off_has_no_response() {
    run(async {
        let (client, mut upstream) = duplex(512);
        let mut connection = Connection::new(client);
        let script = async {
            upstream.read_u8().await.unwrap();
            drop(upstream);
        };
        let (sent, ()) = tokio::join!(send(&mut connection, &[b'x'; 10_000]), script);
        assert!(sent.unwrap_err().is_disconnect);
    });
}

/// Each event is delivered when it arrives; a wait that is given up loses nothing.
#[test]
fn events_are_delivered_at_once() {
    run(async {
        let (client, mut upstream) = duplex(4096);
        let mut connection = Connection::new(client);
        upstream.write_all(EVENTS.as_bytes()).await.unwrap();
        send(&mut connection, b"ping").await.unwrap();
        for count in 1..4 {
            // A chunk that has only begun.
            upstream.write_all(b"4\r\n").await.unwrap();
            let data = poll_fn(|cx| Poll::Ready(pin!(connection.data()).poll(cx).is_ready()));
            assert!(!data.await);
            upstream.write_all(b"po").await.unwrap();
            assert_eq!(connection.data().await.unwrap().unwrap(), "po");
            let several = "ng\r\n".to_owned() + &"1\r\n!\r\n".repeat(count);
            upstream.write_all(several.as_bytes()).await.unwrap();
            let data = connection.data().await.unwrap().unwrap();
            assert_eq!(data, format!("ng{}", "!".repeat(count)));
        }
    });
}

/// Each open stream and each idle connection keeps it, and nothing else.
#[test]
fn a_connection_has_little_state() {
    let size = size_of::<Http1Connection<Transport>>();
    assert!(size <= 320, "{size} bytes");
}
