//! Validation of upstream addresses.

use thiserror::Error;

use crate::problem::secret_text::has_key_prefix;

/// Why an address is not valid. The address itself is not part of it: it may contain a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidUrl {
    /// Its form is wrong.
    #[error("{0}")]
    Form(&'static str),
    /// It contains a credential, which would be stored and shown.
    #[error("it must not contain credentials")]
    Credential,
    /// Its query contains a credential.
    #[error("its query must not contain credentials")]
    CredentialInQuery,
}

/// Checks an upstream address.
///
/// # Errors
/// The reason why it is not valid.
pub fn validate_base_url(text: &str) -> Result<(), InvalidUrl> {
    check_credentials(text)?;
    check_form(text).map_err(InvalidUrl::Form)
}

fn check_credentials(text: &str) -> Result<(), InvalidUrl> {
    let rest = scheme(text).map_or(text, |(_, rest)| rest);
    if let Some((_, query)) = rest.split_once('?')
        && query.split('&').any(is_credential)
    {
        return Err(InvalidUrl::CredentialInQuery);
    }
    let parts = &mut rest.split(['/', '?', '&', '=', '.', ':']);
    if parts.any(has_key_prefix) || authority_of(rest).contains('@') {
        return Err(InvalidUrl::Credential);
    }
    Ok(())
}

fn check_form(text: &str) -> Result<(), &'static str> {
    let Some((_, rest)) = scheme(text) else {
        return Err("it must start with http:// or https://");
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("it must not contain spaces");
    }
    if rest.contains('#') {
        return Err("it must not have a fragment");
    }
    let authority = authority_of(rest);
    let (host, port) = split_port(authority);
    if !is_host(host) {
        return Err("it has no valid host");
    }
    match port {
        Some(port) if port.parse::<u16>().map_or(true, |port| port == 0) => {
            Err("its port must be between 1 and 65535")
        }
        _ => Ok(()),
    }
}

/// The parts of an address.
pub(crate) struct UrlParts<'u> {
    /// Whether the scheme is `https`.
    pub(crate) encrypted: bool,
    pub(crate) host: &'u str,
    pub(crate) port: u16,
    /// The path and the query.
    pub(crate) rest: &'u str,
}

/// Splits a valid address.
pub(crate) fn split_url(url: &str) -> Option<UrlParts<'_>> {
    let (default, after_scheme) = scheme(url)?;
    let authority = authority_of(after_scheme);
    let (host, port) = split_port(authority);
    Some(UrlParts {
        encrypted: default == 443,
        host,
        port: port.map_or(Some(default), |port| port.parse().ok())?,
        rest: &after_scheme[authority.len()..],
    })
}

/// Returns the port of a valid address.
pub(crate) fn port_of(url: &str) -> Option<u16> {
    split_url(url).map(|parts| parts.port)
}

fn authority_of(rest: &str) -> &str {
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// Whether a query parameter is a credential, such as `key=…` or `sig=…`.
fn is_credential(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    ["key", "token", "secret", "password", "signature", "auth"]
        .iter()
        .any(|word| name.contains(word))
        || name == "sig"
}

/// Returns the default port of the scheme, and the rest of the address.
fn scheme(text: &str) -> Option<(u16, &str)> {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if lower.starts_with("https://") {
        Some((443, &text[8..]))
    } else if lower.starts_with("http://") {
        Some((80, &text[7..]))
    } else {
        None
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(inner) = authority.strip_prefix('[') {
        let (host, rest) = inner.split_once(']').unwrap_or((authority, ""));
        return (host, rest.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return true;
    }
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::{port_of, validate_base_url};

    #[test]
    fn only_http_addresses_are_valid() {
        for valid in [
            "https://api.openai.com",
            "http://127.0.0.1:8080/v1",
            "HTTPS://h/x",
            "http://[::1]:9000",
            "https://h/openai/deployments/d?api-version=2024-10-21",
            "https://h?x=1",
        ] {
            assert_eq!(validate_base_url(valid), Ok(()), "{valid}");
        }
        for invalid in [
            "https://h/sk-canary/v1",
            "https://h/v1?x=sk-canary",
            "ftp://x",
            "api.openai.com",
            "",
            "https://",
            "https://:80",
            "http://a b",
            "http://u:p@h",
            "http://h:0",
            "http://h:99999",
            "http://h:x",
            "http://[::1",
            "http://h?key=x",
            "http://h/v1?api-version=1&sig=x",
            "http://h/v1#x",
            "file:///etc/passwd",
            "http://-h",
            "https://é.example",
        ] {
            assert!(validate_base_url(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn the_default_port_depends_on_the_scheme() {
        assert_eq!(port_of("https://h/v1"), Some(443));
        assert_eq!(port_of("http://h"), Some(80));
        assert_eq!(port_of("https://h:8443?x=1"), Some(8443));
        assert_eq!(port_of("http://[::1]:9000/x"), Some(9000));
    }
}
