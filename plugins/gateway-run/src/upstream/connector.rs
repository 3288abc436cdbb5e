//! Opening connections to upstreams.

use super::connection::Connection;
use super::http1::Http1Connection;
use super::transport::Transport;
use http::Uri;
use hyper::client::conn::http2;
use hyper::service::Service as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ClientConfig;
use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;

/// The TLS configuration of all workers; CA certificates are read once.
#[derive(Clone)]
pub(crate) struct TlsConfig(Arc<ClientConfig>);

type TransportConnector = TowerToHyperService<HttpsConnector<HttpConnector>>;

impl TlsConfig {
    /// Returns a configuration with the CA certificates of the system. Without any,
    /// requests to https upstreams fail.
    pub(crate) fn with_system_roots() -> Self {
        Self(Arc::new(Self::load().unwrap_or_else(|error| {
            tracing::warn!("cannot load the CA certificates of the system; requests to https upstreams will fail: {error}");
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("ring supports the default protocol versions")
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth()
        })))
    }

    /// Returns a configuration with certain CA certificates.
    #[cfg(test)]
    pub(super) fn with_roots(roots: rustls::RootCertStore) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions();
        let config = config.expect("ring supports the default protocol versions");
        let config = config.with_root_certificates(roots);
        Self(Arc::new(config.with_no_client_auth()))
    }

    fn load() -> Result<ClientConfig, String> {
        use hyper_rustls::ConfigBuilderExt;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_native_roots()
            .map_err(|e| e.to_string())?
            .with_no_client_auth())
    }
}

/// Opens connections; the time limit is a property of a transport.
pub(super) struct Connector {
    tls: TlsConfig,
    by_timeout: RefCell<HashMap<Duration, TransportConnector>>,
}

impl Connector {
    pub(super) fn new(tls: TlsConfig) -> Self {
        Self {
            tls,
            by_timeout: RefCell::default(),
        }
    }

    /// Connects to the host of an address.
    ///
    /// # Errors
    /// When there is no connection within the time limit.
    pub(super) async fn connect(
        &self,
        address: &Uri,
        timeout: Duration,
    ) -> Result<Connection, Box<dyn Error + Send + Sync>> {
        let connector = self.connector(timeout);
        let stream = connector.call(address.clone()).await?;
        if stream.connected().is_negotiated_h2() {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            let (sender, driver) = builder.timer(TokioTimer::new()).handshake(stream).await?;
            spawn_local(async move { log_end(driver.await) });
            return Ok(Connection::http2(sender));
        }
        let connection = Http1Connection::new(Transport::from(stream));
        Ok(Connection::Http1(Box::new(connection)))
    }

    fn connector(&self, connect_timeout: Duration) -> TransportConnector {
        let build = || {
            let mut http = HttpConnector::new();
            http.enforce_http(false);
            http.set_nodelay(true);
            http.set_connect_timeout(Some(connect_timeout));
            let https = HttpsConnectorBuilder::new()
                .with_tls_config((*self.tls.0).clone())
                .https_or_http()
                .enable_http1()
                .enable_http2()
                .wrap_connector(http);
            TowerToHyperService::new(https)
        };
        self.by_timeout
            .borrow_mut()
            .entry(connect_timeout)
            .or_insert_with(build)
            .clone()
    }
}

fn log_end(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!("a connection to an upstream ended: {error}");
    }
}
