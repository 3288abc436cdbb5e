//! The HTTP clients of a worker, and their connection pools.

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The idle timeout of pooled connections; most providers close them after a minute.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// The TLS configuration of all workers; CA certificates are read once.
#[derive(Clone)]
pub(crate) struct TlsConfig(Arc<ClientConfig>);

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

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

/// One client per connect timeout, which is a property of a client.
pub(crate) struct Clients {
    tls: TlsConfig,
    by_timeout: RefCell<HashMap<Duration, HttpClient>>,
}

impl Clients {
    pub(crate) fn new(tls: TlsConfig) -> Self {
        Self {
            tls,
            by_timeout: RefCell::default(),
        }
    }

    /// Returns the client with a connect timeout.
    pub(crate) fn get(&self, connect_timeout: Duration) -> HttpClient {
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
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(POOL_IDLE_TIMEOUT)
                .build(https)
        };
        self.by_timeout
            .borrow_mut()
            .entry(connect_timeout)
            .or_insert_with(build)
            .clone()
    }
}
