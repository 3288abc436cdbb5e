//! Classification of failed requests, and how to fix them.

use kt_control_api::{ConnectOptions, Envelope, Method, TransportError, TransportErrorKind};
use kt_tls::TlsError;
use reqwest::Url;
use std::error::Error;

/// Converts the error of a request. A request that did not connect, or is a GET, had no effect. The
/// URL is omitted from the cause, because the message already contains the address.
pub(super) fn transport_error(
    error: &reqwest::Error,
    target: &Url,
    envelope: &Envelope,
) -> TransportError {
    let connection = &envelope.connection;
    let address = connection.display_address();
    let is_safe = envelope.request.method == Method::Get;
    let (kind, message) = if is_safe || error.is_connect() || error.is_builder() {
        (
            TransportErrorKind::Unavailable,
            "cannot reach the control plane at",
        )
    } else {
        (
            TransportErrorKind::UnknownEffect,
            "no response from the control plane at",
        )
    };
    let (cause, hint) = match TlsError::find_in(error) {
        Some(error) => (error.to_string(), tls_hint(&error, connection)),
        None if is_parse_error(error) && target.scheme() == "http" => (
            "the peer does not speak HTTP".to_owned(),
            Some("if it expects TLS, use an address that begins with `https://`".to_owned()),
        ),
        None => (root_cause(error).to_string(), None),
    };
    TransportError {
        hint,
        ..TransportError::new(kind, format!("{message} {address}: {cause}"))
    }
}

/// Returns how to fix a TLS error. None of them is permanent, because the server's certificate can
/// be renewed, so a gateway keeps retrying.
fn tls_hint(error: &TlsError, connection: &ConnectOptions) -> Option<String> {
    Some(match (error, &connection.ca_file) {
        (TlsError::UnknownIssuer, None) => {
            "pass `--api-ca-file FILE` with the CA certificate, or set `api.ca_file` or \
             `KEEPTRUSTS_API_CA_FILE`"
                .to_owned()
        }
        (TlsError::UnknownIssuer, Some(file)) => format!(
            "only the CA certificates in `{}` (`api.ca_file`) are trusted; check that it is the right file",
            file.display()
        ),
        (TlsError::NotTls, _) => {
            "use an address that begins with `http://`, or start the server with `--tls-cert` and \
             `--tls-key`"
                .to_owned()
        }
        (other, _) => other.hint()?.to_owned(),
    })
}

/// Whether the response is not HTTP, as is the case if the server expects TLS.
fn is_parse_error(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_parse)
        {
            return true;
        }
        next = cause.source();
    }
    false
}

/// Returns the innermost source of an error, which is the most specific.
pub(super) fn root_cause(error: &reqwest::Error) -> &dyn Error {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}
