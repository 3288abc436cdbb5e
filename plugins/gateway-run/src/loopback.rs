//! Recognizing loopback hosts, to refuse requests of web pages.
//!
//! A page whose name resolves to a loopback address (DNS rebinding) can read responses
//! of local servers; its requests carry its own name in `Host`.

use std::net::IpAddr;

const LOCALHOST: &str = "localhost";

/// Whether a host is `localhost`, a subdomain of it, or a loopback address, with or
/// without a port.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let name = match bracketed {
        Some((inner, _)) => inner,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.');
    let (start, end) = name
        .split_at_checked(name.len().saturating_sub(LOCALHOST.len()))
        .unwrap_or_default();
    (end.eq_ignore_ascii_case(LOCALHOST) && (start.is_empty() || start.ends_with('.')))
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback_host;

    #[test]
    fn names_are_compared_by_label_and_without_case() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "a.LocalHost.",
            "[::1]:80",
            "127.1.2.3",
        ] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "notlocalhost",
            "localhost.example",
            "élocalhost",
            "ocalhost",
            "128.0.0.1",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
