//! The TLS handshake.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kt_control_api::{Problem, ProblemCode, new_request_id};
use kt_tls::crypto_provider;
use rustls::ServerConfig;
use rustls::server::NoServerSessionStorage;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::TlsFiles;
use super::error::TlsConfigError;
use super::rotation::CertificateWatcher;
use crate::api::problem_response;
use crate::serve::message;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The content type of a handshake record (RFC 8446, 5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// Accepts TLS connections.
#[derive(Clone)]
pub(in crate::serve) struct TlsHandshake {
    acceptor: TlsAcceptor,
}

impl TlsHandshake {
    /// Reads the certificate. The returned watcher has to be spawned once there is a runtime.
    ///
    /// # Errors
    /// When certificate and key cannot be used.
    pub(in crate::serve) fn open(
        files: &TlsFiles,
    ) -> Result<(Self, CertificateWatcher), TlsConfigError> {
        let watcher = CertificateWatcher::open(files)?;
        let mut config = ServerConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()
            .expect("the provider supports TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(watcher.current());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session does not send the certificate, and would outlive the one with which it
        // started. A full handshake takes a third of a millisecond.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok((Self { acceptor }, watcher))
    }

    /// Does the handshake; `None` when it fails or takes too long.
    pub(in crate::serve) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match timeout(HANDSHAKE_TIMEOUT, self.handshake(stream)).await {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => {
                tracing::debug!(%error, "TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("TLS handshake timed out");
                None
            }
        }
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        // For a connection that is closed before the first byte, the handshake has a better error.
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE_RECORD {
            reject_plain_http(stream).await;
            return Ok(None);
        }
        self.acceptor.accept(stream).await.map(Some)
    }
}

/// Responds to a client that uses HTTP without TLS.
async fn reject_plain_http(stream: TcpStream) {
    let service = service_fn(|_| async {
        let problem = Problem::new(
            ProblemCode::TlsRequired,
            "the server accepts TLS only; use an address that starts with `https://`",
        );
        let response = problem_response(problem, &new_request_id());
        Ok::<_, Infallible>(message::build_response(response.into(), true))
    });
    let served = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "the client uses neither TLS nor HTTP");
    }
}
