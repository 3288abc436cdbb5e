//! Credentials, as headers.

use http::{HeaderName, HeaderValue};

/// The credential for an upstream.
pub(crate) enum Credential {
    /// None is needed.
    None,
    /// A header; its value is marked sensitive.
    Header(HeaderName, HeaderValue),
    /// The secret does not exist: the upstream receives no requests.
    Missing,
}

/// Returns a credential as a header; `None` if it cannot be one.
pub(super) fn credential_header(name: &str, prefix: &str, key: &str) -> Option<Credential> {
    let text = if prefix.is_empty() {
        key.to_owned()
    } else {
        format!("{prefix} {key}")
    };
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(Credential::Header(
        HeaderName::from_bytes(name.as_bytes()).ok()?,
        value,
    ))
}
