//! The TLS options, of the connection URI or the environment variables of libpq.

use kt_control_api::Request;

use crate::store::DatabaseAddressError;

/// Defaults for the TLS options of a connection URI: the environment variables of libpq.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// `PGSSLMODE`.
    pub mode: Option<String>,
    /// `PGSSLROOTCERT`: a file, or `system`.
    pub roots: Option<String>,
}

/// How a connection is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::postgres) enum Mode {
    /// Without TLS, for a local database only.
    Plain,
    /// With TLS, verifying the certificate and its host name.
    Verified,
}

/// The value of `sslrootcert` for the root certificates of the system.
pub(super) const SYSTEM: &str = "system";

/// Removes the TLS options from a connection URI; missing ones are taken from `defaults`.
pub(in crate::store::postgres) fn extract(
    address: &str,
    defaults: &TlsOptions,
) -> Result<(String, TlsOptions), DatabaseAddressError> {
    let mut options = defaults.clone();
    let Some((base, query)) = address.split_once('?') else {
        return Ok((address.to_owned(), options));
    };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => options.mode = Some(decode(value)?),
            Some(("sslrootcert", value)) => options.roots = Some(decode(value)?),
            _ => rest.push(pair),
        }
    }
    let rest = rest.join("&");
    let question = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{base}{question}{rest}"), options))
}

/// Decodes a value of a connection URI, in which `+` is not a blank.
fn decode(value: &str) -> Result<String, DatabaseAddressError> {
    let target = format!("?v={}", value.replace('+', "%2B"));
    Request::split_target(&target)
        .and_then(|(_, mut query)| query.remove("v"))
        .ok_or(DatabaseAddressError::Malformed)
}

impl TlsOptions {
    /// Returns the mode. `local` is a database on this machine.
    pub(in crate::store::postgres) fn mode(
        &self,
        local: bool,
    ) -> Result<Mode, DatabaseAddressError> {
        let system = self.roots.as_deref() == Some(SYSTEM);
        // As in libpq, which trusts the certificates of the system only with `verify-full`.
        let default = system.then_some("verify-full");
        match self.mode.as_deref().or(default) {
            Some("verify-full") => Ok(Mode::Verified),
            None | Some("disable" | "allow" | "prefer") if local => Ok(Mode::Plain),
            None => Err(DatabaseAddressError::NeedsTls),
            Some("disable") => Err(DatabaseAddressError::Unverified("disable")),
            Some("allow") => Err(DatabaseAddressError::Unverified("allow")),
            Some("prefer") => Err(DatabaseAddressError::Unverified("prefer")),
            Some("require") => Err(DatabaseAddressError::Unverified("require")),
            Some("verify-ca") => Err(DatabaseAddressError::Unverified("verify-ca")),
            Some(_) => Err(DatabaseAddressError::BadMode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, TlsOptions, extract};
    use crate::store::DatabaseAddressError;

    fn options(mode: Option<&str>, roots: Option<&str>) -> TlsOptions {
        TlsOptions {
            mode: mode.map(str::to_owned),
            roots: roots.map(str::to_owned),
        }
    }

    #[test]
    fn options_of_the_address_take_precedence() {
        let defaults = options(Some("require"), Some("/etc/ca.crt"));
        let (rest, found) = extract("postgres://kt@db/main", &defaults).unwrap();
        assert_eq!(
            (rest.as_str(), found),
            ("postgres://kt@db/main", defaults.clone())
        );
        let text = "postgres://kt@db/main?sslmode=verify-full&connect_timeout=3\
                    &sslrootcert=%2Fmy%20ca%2B+.crt";
        let (rest, found) = extract(text, &defaults).unwrap();
        assert_eq!(rest, "postgres://kt@db/main?connect_timeout=3");
        assert_eq!(found, options(Some("verify-full"), Some("/my ca++.crt")));
        let (rest, _) = extract("postgres://kt@db/main?sslmode=disable", &defaults).unwrap();
        assert_eq!(rest, "postgres://kt@db/main");
        for text in ["postgres://db?sslrootcert=%", "postgres://db?sslmode=%ff"] {
            assert_eq!(
                extract(text, &defaults),
                Err(DatabaseAddressError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn a_remote_server_must_be_verified() {
        let mode = |text: Option<&str>, local| options(text, None).mode(local);
        for text in [None, Some("disable"), Some("allow"), Some("prefer")] {
            assert_eq!(mode(text, true), Ok(Mode::Plain), "{text:?}");
            assert!(mode(text, false).is_err(), "{text:?}");
        }
        for local in [true, false] {
            assert_eq!(mode(Some("verify-full"), local), Ok(Mode::Verified));
            let system = options(None, Some("system"));
            assert_eq!(system.mode(local), Ok(Mode::Verified));
            for text in ["require", "verify-ca"] {
                let error = mode(Some(text), local).unwrap_err().to_string();
                assert!(error.contains(text) && error.contains("verify-full"));
            }
            assert_eq!(
                mode(Some("hunter2"), local),
                Err(DatabaseAddressError::BadMode)
            );
        }
        assert_eq!(mode(None, false), Err(DatabaseAddressError::NeedsTls));
    }
}
