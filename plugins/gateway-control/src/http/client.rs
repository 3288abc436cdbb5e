//! The HTTP client and the CA certificates that it trusts.

use super::transport_error::root_cause;
use kt_control_api::ConnectOptions;
use kt_plugin_api::{Class, Error};
use kt_tls::{CaCertificates, crypto_provider};
use reqwest::{Client, Url};
use rustls::{ClientConfig, RootCertStore};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The ALPN protocol.
const ALPN_PROTOCOL: &[u8] = b"http/1.1";

/// Builds the client for an address. The CA file is opened by `open` and read for each request, so that a gateway that
/// runs for months uses renewed certificates.
///
/// # Errors
/// Class `settings` if the CA certificates cannot be loaded.
pub(super) fn build_client<R: Read>(
    url: &Url,
    connection: &ConnectOptions,
    open: impl FnOnce(&Path) -> io::Result<R>,
) -> Result<Client, Error> {
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kt/", env!("CARGO_PKG_VERSION")));
    // Loading the system's certificates takes milliseconds, so it is done only for `https`.
    let builder = match (url.scheme(), &connection.ca_file) {
        ("https", None) => {
            // Fails only if a provider is already installed, which is fine.
            drop(rustls::crypto::CryptoProvider::install_default(
                (*crypto_provider()).clone(),
            ));
            builder
        }
        ("https", Some(file)) => builder.tls_backend_preconfigured(tls_config(file, open)?),
        _ => {
            let no_certificates = CaCertificates::from_root_store(RootCertStore::empty());
            builder.tls_backend_preconfigured(no_certificates.into_client_config(&[ALPN_PROTOCOL]))
        }
    };
    builder.build().map_err(|error| client_error(&error))
}

/// Builds the TLS configuration that trusts the CA certificates of the file, and no others.
fn tls_config<R: Read>(
    file: &Path,
    open: impl FnOnce(&Path) -> io::Result<R>,
) -> Result<ClientConfig, Error> {
    let error = |message: String| {
        Error::new(Class::Settings, "ca-file", message).hint(
            "set `api.ca_file`, `KEEPTRUSTS_API_CA_FILE` or `--api-ca-file` to a file with the \
             CA certificate in PEM format",
        )
    };
    if !file.is_absolute() {
        let file = file.display();
        return Err(error(format!(
            "the path `{file}` in `api.ca_file` is not absolute: it would depend on the working directory of kt"
        )));
    }
    let certificates = CaCertificates::from_reader(file, || open(file));
    let certificates = certificates.map_err(|e| error(e.to_string()))?;
    Ok(certificates.into_client_config(&[ALPN_PROTOCOL]))
}

/// Without a CA file, building the client fails only if the system has no CA certificates.
fn client_error(error: &reqwest::Error) -> Error {
    Error::new(Class::Settings, "no-ca-certificates", "there are no CA certificates to trust")
        .cause(root_cause(error))
        .hint("install the system's CA certificates (package `ca-certificates`), or pass a CA certificate with `--api-ca-file`")
}
