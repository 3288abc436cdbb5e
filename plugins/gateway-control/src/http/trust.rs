//! Whom a connection trusts.

use super::failure::deepest;
use kt_control_api::ConnectOptions;
use kt_plugin_api::{Class, Error};
use kt_tls::{CaCertificates, crypto_provider};
use reqwest::{Client, Url};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::time::Duration;

/// A server that takes longer to accept a connection is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// What is spoken inside of TLS, as ALPN has it.
const PROTOCOL: &[u8] = b"http/1.1";

/// The client for an address. Files are read for each request, so that a gateway that runs for
/// months takes up what changes in them.
///
/// # Errors
/// Class `settings` when the authorities to trust cannot be had.
pub(super) fn client(url: &Url, connection: &ConnectOptions) -> Result<Client, Error> {
    let builder = Client::builder()
        .connect_timeout(CONNECT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kt/", env!("CARGO_PKG_VERSION")));
    // Reading the system's certificates costs milliseconds: only who needs them does.
    let builder = match (url.scheme(), &connection.ca_file) {
        ("https", None) => {
            // Fails only when a provider is installed already, which is as good.
            drop(rustls::crypto::CryptoProvider::install_default(
                (*crypto_provider()).clone(),
            ));
            builder
        }
        ("https", Some(file)) => builder.tls_backend_preconfigured(trusting(file)?),
        _ => {
            let nobody = CaCertificates::from_root_store(RootCertStore::empty());
            builder.tls_backend_preconfigured(nobody.into_client_config(&[PROTOCOL]))
        }
    };
    builder.build().map_err(|error| no_client(&error))
}

/// The authorities of the file alone: whoever names one expects nobody else to be trusted.
fn trusting(file: &Path) -> Result<ClientConfig, Error> {
    let unusable = |message: String| {
        Error::new(Class::Settings, "ca-file", message).hint(
            "set `api.ca_file`, `KEEPTRUSTS_API_CA_FILE` or `--api-ca-file` to a file with the \
             certificate of the authority, in PEM",
        )
    };
    if !file.is_absolute() {
        let file = file.display();
        return Err(unusable(format!(
            "`{file}` in `api.ca_file` is not absolute: it would depend on where kt is started"
        )));
    }
    let authorities =
        CaCertificates::from_file(file).map_err(|error| unusable(error.to_string()))?;
    Ok(authorities.into_client_config(&[PROTOCOL]))
}

/// Without a file, the one thing that can be missing is what the system brings.
fn no_client(error: &reqwest::Error) -> Error {
    Error::new(Class::Settings, "no-authorities", "cannot tell whom to trust")
        .cause(deepest(error))
        .hint("install the system's certificates (the package `ca-certificates`), or name an authority with `--api-ca-file`")
}
