//! The address of chat completions of an upstream, as requests need it.

use http::{HeaderValue, Uri};
use std::sync::Arc;

/// An address.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The whole address.
    pub(crate) uri: Uri,
    /// Only the path and the query, as HTTP/1.1 sends it.
    pub(crate) path: Uri,
    /// The value of the header `Host`: without the default port of the scheme.
    pub(crate) host: HeaderValue,
    /// The scheme and the authority, which identify connections.
    pub(crate) origin: Arc<str>,
}

impl Endpoint {
    /// Returns the address of chat completions. A base with a path is used as it is, with
    /// its query; `/v1` is added only to one without.
    ///
    /// # Errors
    /// A message, when the base is not an address.
    pub(crate) fn from_base(base: &str) -> Result<Self, String> {
        Self::from_address(&chat_address(base))
    }

    /// Returns an address as it is.
    ///
    /// # Errors
    /// A message, when the text is not an address.
    pub(crate) fn from_address(address: &str) -> Result<Self, String> {
        let invalid = |reason: &str| format!("`{address}` is not a valid address: {reason}");
        let uri: Uri = address
            .parse()
            .map_err(|e: http::uri::InvalidUri| invalid(&e.to_string()))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(invalid("it must begin with `https://` or `http://`"));
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let default_port = if scheme == "https" { 443 } else { 80 };
        let host = match authority.port_u16().filter(|port| *port != default_port) {
            Some(port) => format!("{}:{port}", authority.host()),
            None => authority.host().to_owned(),
        };
        Ok(Self {
            path: path.parse().map_err(|_| invalid("its path"))?,
            host: HeaderValue::from_str(&host).map_err(|_| invalid("its host"))?,
            origin: format!("{scheme}://{authority}").into(),
            uri,
        })
    }
}

fn chat_address(base: &str) -> String {
    const ENDPOINT: &str = "/chat/completions";
    let (address, query) = match base.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (base, String::new()),
    };
    let address = address.trim_end_matches('/');
    let has_path = address
        .split_once("://")
        .is_some_and(|(_, rest)| rest.contains('/'));
    let path = if address.ends_with(ENDPOINT) {
        String::new()
    } else if has_path {
        ENDPOINT.to_owned()
    } else {
        format!("/v1{ENDPOINT}")
    };
    format!("{address}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn addresses_with_a_path_are_used_as_they_are() {
        for (base, expected) in [
            ("https://h", "https://h/v1/chat/completions"),
            ("https://h/", "https://h/v1/chat/completions"),
            ("https://h/v1", "https://h/v1/chat/completions"),
            ("https://h/v1/", "https://h/v1/chat/completions"),
            (
                "https://h/api/paas/v4",
                "https://h/api/paas/v4/chat/completions",
            ),
            ("https://h/chat/completions", "https://h/chat/completions"),
            (
                "https://h/openai/deployments/d?api-version=1",
                "https://h/openai/deployments/d/chat/completions?api-version=1",
            ),
            ("https://h?x=1", "https://h/v1/chat/completions?x=1"),
        ] {
            let endpoint = Endpoint::from_base(base).unwrap();
            assert_eq!(endpoint.uri.to_string(), expected, "{base}");
            let path = expected.strip_prefix("https://h").unwrap();
            assert_eq!(endpoint.path.to_string(), path, "{base}");
        }
    }

    #[test]
    fn the_host_has_no_default_port() {
        for (base, host, origin) in [
            ("https://h:443", "h", "https://h:443"),
            ("https://h:80", "h:80", "https://h:80"),
            ("http://h:80", "h", "http://h:80"),
            ("http://[::1]:8080/v1", "[::1]:8080", "http://[::1]:8080"),
        ] {
            let endpoint = Endpoint::from_base(base).unwrap();
            assert_eq!(endpoint.host, host, "{base}");
            assert_eq!(&*endpoint.origin, origin, "{base}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for base in ["", "h", "h/v1", "https://", "https:// h"] {
            assert!(Endpoint::from_base(base).is_err(), "{base}");
        }
    }
}
