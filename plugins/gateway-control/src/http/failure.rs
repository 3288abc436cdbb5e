//! What is known of a request that failed, and what to do about it.

use kt_control_api::{ConnectOptions, Envelope, Method, TransportError, TransportErrorKind};
use kt_tls::TlsError;
use reqwest::Url;
use std::error::Error;

/// What is known of a request that failed: one that never connected, or only
/// asks, had no effect. The URL is left out of the cause, since it says nothing new.
pub(super) fn transport_error(
    error: &reqwest::Error,
    target: &Url,
    envelope: &Envelope,
) -> TransportError {
    let connection = &envelope.connection;
    let place = connection.display_address();
    let harmless = envelope.request.method == Method::Get;
    let (kind, what) = if harmless || error.is_connect() || error.is_builder() {
        (
            TransportErrorKind::Unavailable,
            "cannot reach the control plane at",
        )
    } else {
        (
            TransportErrorKind::UnknownEffect,
            "no answer from the control plane at",
        )
    };
    let (cause, hint) = match TlsError::find_in(error) {
        Some(refusal) => (refusal.to_string(), remedy(&refusal, connection)),
        None if is_garbled(error) && target.scheme() == "http" => (
            "what answers does not speak HTTP".to_owned(),
            Some("if it speaks TLS, let the address begin with `https://`".to_owned()),
        ),
        None => (deepest(error).to_string(), None),
    };
    TransportError {
        hint,
        ..TransportError::new(kind, format!("{what} {place}: {cause}"))
    }
}

/// What to do about a connection that was not made. A certificate is renewed at the server, so
/// no failure of one is for ever, and a gateway goes on asking.
fn remedy(refusal: &TlsError, connection: &ConnectOptions) -> Option<String> {
    Some(match (refusal, &connection.ca_file) {
        (TlsError::UnknownIssuer, None) => {
            "pass `--api-ca-file FILE` with the certificate of the authority, or set \
             `api.ca_file` or `KEEPTRUSTS_API_CA_FILE`"
                .to_owned()
        }
        (TlsError::UnknownIssuer, Some(file)) => format!(
            "only the authorities in `{}` are trusted, from `api.ca_file`: is it the right one?",
            file.display()
        ),
        (TlsError::NotTls, _) => {
            "let the address begin with `http://`, or serve with `--tls-cert` and `--tls-key`"
                .to_owned()
        }
        (other, _) => other.hint()?.to_owned(),
    })
}

/// Whether the answer was no HTTP, as one in TLS is.
fn is_garbled(error: &reqwest::Error) -> bool {
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

/// What is behind an error: it says the most.
pub(super) fn deepest(error: &reqwest::Error) -> &dyn Error {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}
