//! Tests of the connections of a worker, against a server of their own.

use super::connection_pool::{ConnectionPool, Lease};
use super::connector::TlsConfig;
use super::http1::ResponseHead;
use crate::body_buffer::BodyBuffer;
use crate::snapshot::Endpoint;
use bytes::Bytes;
use http::{Method, Request};
use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

/// What the server does after a response.
#[derive(Clone, Copy, PartialEq)]
enum After {
    KeepOpen,
    Close,
    /// Send only a part of the body.
    Hang,
    /// Keep open, and close without a response to the next request.
    CloseAtNext,
}

/// A server; counts its connections.
struct Server {
    endpoint: Endpoint,
    connections: Rc<Cell<usize>>,
    closed: Rc<Cell<usize>>,
    requests: Rc<Cell<usize>>,
}

impl Server {
    async fn start(after: After) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self {
            endpoint: Endpoint::from_base(&format!("http://{address}")).unwrap(),
            connections: Rc::default(),
            closed: Rc::default(),
            requests: Rc::default(),
        };
        let (connections, closed) = (Rc::clone(&server.connections), Rc::clone(&server.closed));
        let requests = Rc::clone(&server.requests);
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.set(connections.get() + 1);
                let (closed, requests) = (Rc::clone(&closed), Rc::clone(&requests));
                spawn_local(async move {
                    serve(stream, after, &requests).await;
                    closed.set(closed.get() + 1);
                });
            }
        });
        server
    }

    async fn send(&self, pool: &ConnectionPool) -> (ResponseHead, Lease) {
        let mut request = Request::new(Bytes::from_static(b"ping"));
        *request.method_mut() = Method::POST;
        let timeout = Duration::from_secs(10);
        pool.send(&self.endpoint, timeout, request).await.unwrap()
    }

    async fn exchange(&self, pool: &ConnectionPool) -> Bytes {
        let (_, mut lease) = self.send(pool).await;
        let mut whole = BodyBuffer::default();
        while let Some(data) = lease.data().await.unwrap() {
            whole.push(data);
        }
        lease.end();
        whole.into_bytes()
    }
}

async fn serve(mut stream: TcpStream, after: After, requests: &Cell<usize>) {
    let mut received = Vec::new();
    let mut answered = 0;
    while stream.read_buf(&mut received).await.is_ok_and(|n| n > 0) {
        if !received.ends_with(b"ping") {
            continue;
        }
        received.clear();
        requests.set(requests.get() + 1);
        if after == After::CloseAtNext && answered > 0 {
            return;
        }
        answered += 1;
        let body: &[u8] = if after == After::Hang { b"po" } else { b"pong" };
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";
        stream.write_all(&[head, body].concat()).await.unwrap();
        if after == After::Close {
            return;
        }
    }
}

/// Waits until a count is reached.
async fn reached(count: &Cell<usize>, expected: usize) {
    let wait = async {
        while count.get() < expected {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
    assert!(waited.is_ok(), "{} of {expected}", count.get());
}

fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn pool() -> ConnectionPool {
    ConnectionPool::new(TlsConfig::with_system_roots())
}

#[test]
fn a_connection_is_used_again_once_its_response_has_ended() {
    run(async {
        let (server, pool) = (Server::start(After::KeepOpen).await, pool());
        for _ in 0..3 {
            assert_eq!(server.exchange(&pool).await, "pong");
        }
        assert_eq!(server.connections.get(), 1);
        let first = server.send(&pool).await;
        let second = server.send(&pool).await;
        assert_eq!(server.connections.get(), 2);
        drop((first, second));
    });
}

/// A provider that closes an idle connection does not fail the next request.
#[test]
fn a_request_that_a_closed_connection_did_not_send_is_sent_again() {
    run(async {
        let (server, pool) = (Server::start(After::Close).await, pool());
        for sent in 1..4 {
            assert_eq!(server.exchange(&pool).await, "pong");
            assert_eq!(server.connections.get(), sent);
        }
    });
}

/// A connection may be closed while the request is on its way; that looks like this.
#[test]
fn a_request_to_which_a_reused_connection_was_closed_is_sent_once_more() {
    run(async {
        let (server, pool) = (Server::start(After::CloseAtNext).await, pool());
        let first = server.send(&pool).await;
        let second = server.send(&pool).await;
        for (_, mut lease) in [first, second] {
            while lease.data().await.unwrap().is_some() {}
            lease.end();
        }
        assert_eq!(server.exchange(&pool).await, "pong");
        // Over a new connection, although there was another idle one.
        assert_eq!(server.connections.get(), 3);
        assert_eq!(server.requests.get(), 4);
    });
}

/// A request that is not answered over a new connection is not sent again.
#[test]
fn a_new_connection_that_is_closed_is_an_error() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Rc::new(Cell::new(0));
        let counted = Rc::clone(&connections);
        spawn_local(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.set(counted.get() + 1);
                stream.read_u8().await.unwrap();
            }
        });
        let endpoint = Endpoint::from_base(&format!("http://{address}")).unwrap();
        let request = Request::post("/").body(Bytes::from_static(b"ping"));
        let sent = pool()
            .send(&endpoint, Duration::from_secs(10), request.unwrap())
            .await;
        sent.err().unwrap();
        assert_eq!(connections.get(), 1);
    });
}

/// A client that leaves ends the request at the upstream, which then stops generating.
#[test]
fn a_dropped_response_closes_its_connection() {
    run(async {
        let (server, pool) = (Server::start(After::Hang).await, pool());
        let (head, lease) = server.send(&pool).await;
        assert_eq!(head.headers.len(), 1);
        drop(lease);
        reached(&server.closed, 1).await;
        assert_eq!(server.connections.get(), 1);
    });
}

#[test]
fn the_host_and_the_path_are_those_of_the_endpoint() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let head = spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            while !received.ends_with(b"ping") {
                stream.read_buf(&mut received).await.unwrap();
            }
            let response = b"HTTP/1.1 204 No Content\r\n\r\n";
            stream.write_all(response).await.unwrap();
            String::from_utf8(received).unwrap()
        });
        let base = format!("http://{address}/api?version=1");
        let endpoint = Endpoint::from_base(&base).unwrap();
        let mut request = Request::new(Bytes::from_static(b"ping"));
        *request.method_mut() = Method::POST;
        let sent = pool()
            .send(&endpoint, Duration::from_secs(10), request)
            .await;
        assert_eq!(sent.unwrap().0.status, 204);
        let head = head.await.unwrap();
        assert!(
            head.starts_with("POST /api/chat/completions?version=1 HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
    });
}
