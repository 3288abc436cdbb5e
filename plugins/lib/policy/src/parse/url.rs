//! Addresses: just enough to refuse what an upstream cannot be.

/// What is wrong with an upstream address; `None` when it is fine.
pub(crate) fn reject_base_url(text: &str) -> Option<&'static str> {
    let Some((_, rest)) = scheme(text) else {
        return Some("it must start with http:// or https://");
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("it must not contain spaces");
    }
    if rest.contains(['?', '#']) {
        return Some("it must not have a query or a fragment");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Some("it must not contain credentials; use secret_key_ref");
    }
    let (host, port) = split_port(authority)?;
    if !is_host(host) {
        return Some("it has no valid host");
    }
    match port {
        Some(port) if port.parse::<u16>().map_or(true, |port| port == 0) => {
            Some("its port is not between 1 and 65535")
        }
        _ => None,
    }
}

/// The port a checked address leads to.
pub(crate) fn port_of(url: &str) -> Option<u16> {
    let (default, rest) = scheme(url)?;
    let authority = rest.split('/').next().unwrap_or_default();
    match split_port(authority)?.1 {
        Some(port) => port.parse().ok(),
        None => Some(default),
    }
}

/// Default port and what follows the scheme.
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

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(inner) = authority.strip_prefix('[') {
        let (host, rest) = inner.split_once(']').unwrap_or((authority, ""));
        return Some((host, rest.strip_prefix(':')));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
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
    use super::{port_of, reject_base_url};

    #[test]
    fn only_plain_http_addresses_pass() {
        for good in [
            "https://api.openai.com",
            "http://127.0.0.1:8080/v1",
            "HTTPS://h/x",
            "http://[::1]:9000",
        ] {
            assert_eq!(reject_base_url(good), None, "{good}");
        }
        for bad in [
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
            "http://h?x=1",
            "file:///etc/passwd",
            "http://-h",
            "https://é.example",
        ] {
            assert!(reject_base_url(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn ports_default_by_scheme() {
        assert_eq!(port_of("https://h/v1"), Some(443));
        assert_eq!(port_of("http://h"), Some(80));
        assert_eq!(port_of("http://[::1]:9000/x"), Some(9000));
    }
}
