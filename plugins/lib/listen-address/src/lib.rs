//! The addresses that a gateway may listen on. `gateway run` binds only these, and
//! `gateway install` refuses others, since the service could never start.

use kt_plugin_api::{Class, Error};
use std::net::{SocketAddr, ToSocketAddrs};

/// Resolves `HOST:PORT`, where the host is an IP address or a DNS name.
///
/// # Errors
/// Class `usage` for an invalid address, and for one beyond loopback unless
/// `allow_remote`; `unavailable` for a name that cannot be resolved.
pub fn resolve(text: &str, allow_remote: bool) -> Result<SocketAddr, Error> {
    let address = resolve_with(text, |host, port| {
        Ok((host, port).to_socket_addrs()?.next())
    })?;
    if allow_remote || address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(remote_error(text))
    }
}

/// Callers are not authenticated, and credentials of upstreams are at stake.
fn remote_error(text: &str) -> Error {
    let message = format!(
        "`{text}` is reachable from other machines, and the gateway serves plain HTTP without authentication"
    );
    Error::new(Class::Usage, "remote-plaintext", message).hint(
        "listen on a loopback address behind a proxy with TLS and authentication, or accept the risk with `--allow-remote-plaintext`",
    )
}

fn resolve_with(
    text: &str,
    lookup: impl Fn(&str, u16) -> std::io::Result<Option<SocketAddr>>,
) -> Result<SocketAddr, Error> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let parts = text.rsplit_once(':').filter(|(host, _)| is_dns_name(host));
    let Some((host, port)) = parts.and_then(|(host, port)| Some((host, port.parse().ok()?))) else {
        let message = format!("`{text}` is not a valid listen address");
        return Err(Error::new(Class::Usage, "invalid-address", message)
            .hint("use the form HOST:PORT, such as 127.0.0.1:41002"));
    };
    // DNS may be unavailable for a while, as at boot: the class allows a retry.
    let not_found = || {
        let message = format!("cannot resolve the host `{host}`");
        Error::new(Class::Unavailable, "unknown-host", message)
    };
    match lookup(host, port) {
        Ok(address) => address.ok_or_else(not_found),
        Err(error) => Err(not_found().cause(error)),
    }
}

/// Whether a host has the form of a DNS name. One whose last label is a number is
/// a malformed IP address.
fn is_dns_name(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or("");
    host.chars().all(allowed) && last.contains(|c: char| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{resolve, resolve_with};
    use kt_plugin_api::Class;

    #[test]
    fn addresses_beyond_loopback_must_be_allowed() {
        for address in [
            "0.0.0.0:0",
            "[::]:0",
            "192.0.2.1:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            let error = resolve(address, false).unwrap_err();
            assert_eq!(
                (error.class, error.id.as_str()),
                (Class::Usage, "remote-plaintext"),
                "{address}"
            );
            assert!(resolve(address, true).is_ok(), "{address}");
        }
        for address in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:0"] {
            assert!(resolve(address, false).is_ok(), "{address}");
        }
    }

    #[test]
    fn only_malformed_addresses_are_usage_errors() {
        let offline = |text: &str| {
            let lookup = |_: &str, _| Err(std::io::Error::other("no resolver"));
            resolve_with(text, lookup).map_err(|e| e.class)
        };
        assert!(offline("127.0.0.1:80").is_ok() && offline("[::1]:80").is_ok());
        for text in ["gateway.example:80", "localhost:0", "a_b-c.d.:1"] {
            assert_eq!(offline(text), Err(Class::Unavailable), "{text}");
        }
        for text in [
            "",
            "nonsense",
            ":80",
            "host:",
            "host:http",
            "host:70000",
            "127.0.0.999:80",
            "::1:80",
            "[::1:80",
            "a b:80",
            "http://host:80",
        ] {
            assert_eq!(offline(text), Err(Class::Usage), "{text}");
        }
        let no_address = resolve_with("host:80", |_, _| Ok(None)).unwrap_err();
        assert_eq!(no_address.class, Class::Unavailable);
    }
}
