//! HTTP clients of one worker, and their connections.

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

/// Idle connections are kept this long; most providers close after a minute.
const IDLE: Duration = Duration::from_secs(50);

/// The TLS settings of every worker; certificates are read once.
#[derive(Clone)]
pub(crate) struct TlsConfig(Arc<ClientConfig>);

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

impl TlsConfig {
    /// Reads the system's certificates. Where there are none, only upstreams
    /// with https suffer, and their errors say so.
    pub(crate) fn with_system_roots() -> Self {
        Self(Arc::new(Self::read().unwrap_or_else(|why| {
            tracing::warn!("no certificates of the system: https upstreams will fail: {why}");
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("ring offers what the default versions need")
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth()
        })))
    }

    fn read() -> Result<ClientConfig, String> {
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

/// One client per limit on connecting, since that is a property of a client.
pub(crate) struct Clients {
    tls: TlsConfig,
    by_limit: RefCell<HashMap<Duration, HttpClient>>,
}

impl Clients {
    pub(crate) fn new(tls: TlsConfig) -> Self {
        Self {
            tls,
            by_limit: RefCell::default(),
        }
    }

    /// The client whose connections must be there within `connect`.
    pub(crate) fn get(&self, connect: Duration) -> HttpClient {
        let make = || {
            let mut http = HttpConnector::new();
            http.enforce_http(false);
            http.set_nodelay(true);
            http.set_connect_timeout(Some(connect));
            let https = HttpsConnectorBuilder::new()
                .with_tls_config((*self.tls.0).clone())
                .https_or_http()
                .enable_http1()
                .enable_http2()
                .wrap_connector(http);
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE)
                .build(https)
        };
        self.by_limit
            .borrow_mut()
            .entry(connect)
            .or_insert_with(make)
            .clone()
    }
}
