//! Tests of connections over TLS, with HTTP/1.1 and HTTP/2, against a server of their own.

use super::connection_pool::ConnectionPool;
use super::connector::{Connector, TlsConfig};
use crate::snapshot::Endpoint;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kt_tls::fixture::{CertificateOptions, TestCa};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

struct Server {
    endpoint: Endpoint,
    connections: Rc<Cell<usize>>,
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let version = request.version();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut response = Response::new(Full::new(body));
    let version = format!("{version:?}").parse().unwrap();
    response.headers_mut().insert("x-version", version);
    Ok(response)
}

impl Server {
    async fn start(tls: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self {
            endpoint: Endpoint::from_base(&format!("https://{address}")).unwrap(),
            connections: Rc::default(),
        };
        let is_http2 = tls.alpn_protocols.iter().any(|name| name == b"h2");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let connections = Rc::clone(&server.connections);
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.set(connections.get() + 1);
                let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
                spawn_local(async move {
                    if is_http2 {
                        let builder = http2::Builder::new(TokioExecutor::new());
                        drop(builder.serve_connection(stream, service_fn(echo)).await);
                    } else {
                        let builder = http1::Builder::new();
                        drop(builder.serve_connection(stream, service_fn(echo)).await);
                    }
                });
            }
        });
        server
    }

    /// Sends a body, and returns the version with which it came back.
    async fn exchange(&self, pool: &ConnectionPool, body: &[u8]) -> String {
        let request = Request::post("/").body(Bytes::copy_from_slice(body));
        let sent = pool.send(&self.endpoint, Duration::from_secs(10), request.unwrap());
        let (head, mut lease) = sent.await.unwrap();
        assert_eq!(lease.exact_length(), Some(body.len() as u64));
        let mut received = Vec::new();
        while let Some(data) = lease.data().await.unwrap() {
            received.extend_from_slice(&data);
        }
        lease.end();
        assert_eq!(received, body);
        head.headers["x-version"].to_str().unwrap().to_owned()
    }
}

/// Returns the configurations of a server and of clients that trust it; `None` without `openssl`.
fn configs(protocol: &[u8]) -> Option<(ServerConfig, TlsConfig)> {
    let directory = tempfile::tempdir().unwrap();
    let ca = TestCa::new(directory.path(), "ca")?;
    let files = ca.issue("server", &CertificateOptions::default());
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(ca.certificate()).unwrap();
    roots.add(root).unwrap();
    let certificate = CertificateDer::from_pem_file(files.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(files.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider);
    let server = server.with_safe_default_protocol_versions().unwrap();
    let server = server.with_no_client_auth();
    let mut server = server.with_single_cert(vec![certificate], key).unwrap();
    server.alpn_protocols = vec![protocol.to_vec()];
    Some((server, TlsConfig::with_roots(roots)))
}

fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn exchanges(protocol: &[u8], version: &str) {
    let Some((server, tls)) = configs(protocol) else {
        return;
    };
    run(async {
        let server = Server::start(server).await;
        let pool = ConnectionPool::new(tls);
        for length in [0, 10, 100_000, 3_000_000] {
            let body = vec![b'x'; length];
            assert_eq!(server.exchange(&pool, &body).await, version);
        }
        assert_eq!(server.connections.get(), 1);
    });
}

#[test]
fn http_1_1_is_spoken_over_tls() {
    exchanges(b"http/1.1", "HTTP/1.1");
}

#[test]
fn http_2_is_spoken_where_the_upstream_offers_it() {
    exchanges(b"h2", "HTTP/2.0");
}

/// An end without a message could be that of an attacker.
#[test]
fn a_connection_that_is_closed_says_so() {
    let Some((server, tls)) = configs(b"http/1.1") else {
        return;
    };
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let end = spawn_local(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut received = Vec::new();
            while !received.ends_with(b"ping") {
                stream.read_buf(&mut received).await.unwrap();
            }
            let response = b"HTTP/1.1 204 No Content\r\n\r\n";
            stream.write_all(response).await.unwrap();
            stream.flush().await.unwrap();
            stream.read(&mut [0]).await.map_err(|error| error.kind())
        });
        let endpoint = Endpoint::from_base(&format!("https://{address}")).unwrap();
        let connector = Connector::new(tls);
        let connection = connector.connect(&endpoint.uri, Duration::from_secs(10));
        let mut connection = connection.await.unwrap();
        let request = Request::post("/").body(Bytes::from_static(b"ping"));
        let sent = connection.send(request.unwrap(), &endpoint).await;
        assert!(sent.is_ok());
        connection.close();
        assert_eq!(end.await.unwrap(), Ok(0));
    });
}
