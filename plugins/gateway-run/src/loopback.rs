//! Recognizing loopback hosts, to refuse requests of web pages.
//!
//! A page whose name resolves to a loopback address (DNS rebinding) can read responses
//! of local servers; its requests carry its own name in `Host`.

use std::net::IpAddr;

/// Whether a host is `localhost`, a subdomain of it, or a loopback address, with or
/// without a port.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let name = match bracketed {
        Some((inner, _)) => inner,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
