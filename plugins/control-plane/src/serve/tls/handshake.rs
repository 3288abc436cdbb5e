//! From a connection to one that nobody else can read.

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
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::rotation::Rotation;
use super::{TlsConfigError, TlsFiles};
use crate::api::problem_response;
use crate::serve::body;

/// How long a handshake may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The first byte of every handshake, as RFC 8446 has it in section 5.1.
const HANDSHAKE: u8 = 22;

/// What connections need to become TLS ones.
#[derive(Clone)]
pub(in crate::serve) struct Tls {
    acceptor: TlsAcceptor,
}

/// Keeps the certificate up to date, as long as it lives.
pub(in crate::serve) struct Following(AbortHandle);

impl Tls {
    /// Reads the certificate. What is returned beside is to be followed once there is a runtime.
    ///
    /// # Errors
    /// When certificate and key cannot be used.
    pub(in crate::serve) fn open(files: &TlsFiles) -> Result<(Self, Rotation), TlsConfigError> {
        let rotation = Rotation::begin(files)?;
        let mut config = ServerConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has what TLS 1.2 and 1.3 need")
            .with_no_client_auth()
            .with_cert_resolver(rotation.shown());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is resumed is shown no certificate, so it would outlive the one that it
        // began with. A whole handshake takes a third of a millisecond.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok((Self { acceptor }, rotation))
    }

    /// Makes a connection a TLS one; `None` when that does not come about in time.
    pub(in crate::serve) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match timeout(LIMIT, self.begin(stream)).await {
            Ok(Ok(secured)) => secured,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a handshake took too long");
                None
            }
        }
    }

    async fn begin(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        // No byte at all is a connection that was closed, which the handshake says better.
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            refuse_plainly(stream).await;
            return Ok(None);
        }
        self.acceptor.accept(stream).await.map(Some)
    }
}

impl Rotation {
    /// Follows the files until the returned value is dropped.
    pub(in crate::serve) fn spawn(self) -> Following {
        Following(tokio::spawn(self.follow()).abort_handle())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Tells whoever speaks HTTP without TLS, in words that it understands.
async fn refuse_plainly(stream: TcpStream) {
    let service = service_fn(|_| async {
        let problem = Problem::new(
            ProblemCode::TlsRequired,
            "the server speaks TLS only: use its address with `https://`",
        );
        let refused = body::write(problem_response(problem, &new_request_id()).into(), true);
        Ok::<_, Infallible>(refused)
    });
    let answered = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = answered {
        tracing::debug!(%error, "neither TLS nor HTTP");
    }
}
