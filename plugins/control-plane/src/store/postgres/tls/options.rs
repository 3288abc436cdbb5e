//! What is said of TLS: in the address, or beside it as PostgreSQL's own programs have it.

use kt_control_api::Request;

use crate::store::DatabaseAddressError;

/// What an address leaves open about TLS: the variables of PostgreSQL's own programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// `PGSSLMODE`.
    pub mode: Option<String>,
    /// `PGSSLROOTCERT`: a file, or `system`.
    pub roots: Option<String>,
}

/// How a connection is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::postgres) enum Mode {
    /// Without TLS, which is for this machine alone.
    Plain,
    /// With TLS, and a certificate of the name that was asked for.
    Verified,
}

/// The authorities that the system knows, as `sslrootcert` has it.
pub(super) const SYSTEM: &str = "system";

/// Takes what is about TLS out of an address; what it leaves open is taken from `beside`.
pub(in crate::store::postgres) fn take(
    address: &str,
    beside: &TlsOptions,
) -> Result<(String, TlsOptions), DatabaseAddressError> {
    let mut options = beside.clone();
    let Some((place, query)) = address.split_once('?') else {
        return Ok((address.to_owned(), options));
    };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => options.mode = Some(decoded(value)?),
            Some(("sslrootcert", value)) => options.roots = Some(decoded(value)?),
            _ => rest.push(pair),
        }
    }
    let rest = rest.join("&");
    let question = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{place}{question}{rest}"), options))
}

/// In addresses of databases a plus is a plus.
fn decoded(value: &str) -> Result<String, DatabaseAddressError> {
    let target = format!("?v={}", value.replace('+', "%2B"));
    Request::split_target(&target)
        .and_then(|(_, mut query)| query.remove("v"))
        .ok_or(DatabaseAddressError::Malformed)
}

impl TlsOptions {
    /// Decides. `near` is a database that is reached without a network.
    pub(in crate::store::postgres) fn mode(
        &self,
        near: bool,
    ) -> Result<Mode, DatabaseAddressError> {
        let system = self.roots.as_deref() == Some(SYSTEM);
        // As libpq has it, which trusts so many only together with the name.
        let default = system.then_some("verify-full");
        match self.mode.as_deref().or(default) {
            Some("verify-full") => Ok(Mode::Verified),
            None | Some("disable" | "allow" | "prefer") if near => Ok(Mode::Plain),
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
    use super::{Mode, TlsOptions, take};
    use crate::store::DatabaseAddressError;

    fn options(mode: Option<&str>, roots: Option<&str>) -> TlsOptions {
        TlsOptions {
            mode: mode.map(str::to_owned),
            roots: roots.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_said_in_the_address_counts_more() {
        let beside = options(Some("require"), Some("/etc/ca.crt"));
        let (rest, found) = take("postgres://kt@db/main", &beside).unwrap();
        assert_eq!(
            (rest.as_str(), found),
            ("postgres://kt@db/main", beside.clone())
        );
        let text = "postgres://kt@db/main?sslmode=verify-full&connect_timeout=3\
                    &sslrootcert=%2Fmy%20ca%2B+.crt";
        let (rest, found) = take(text, &beside).unwrap();
        assert_eq!(rest, "postgres://kt@db/main?connect_timeout=3");
        assert_eq!(found, options(Some("verify-full"), Some("/my ca++.crt")));
        let (rest, _) = take("postgres://kt@db/main?sslmode=disable", &beside).unwrap();
        assert_eq!(rest, "postgres://kt@db/main");
        for text in ["postgres://db?sslrootcert=%", "postgres://db?sslmode=%ff"] {
            assert_eq!(
                take(text, &beside),
                Err(DatabaseAddressError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn over_a_network_the_server_must_prove_who_it_is() {
        let mode = |text: Option<&str>, near| options(text, None).mode(near);
        for text in [None, Some("disable"), Some("allow"), Some("prefer")] {
            assert_eq!(mode(text, true), Ok(Mode::Plain), "{text:?}");
            assert!(mode(text, false).is_err(), "{text:?}");
        }
        for near in [true, false] {
            assert_eq!(mode(Some("verify-full"), near), Ok(Mode::Verified));
            let system = options(None, Some("system"));
            assert_eq!(system.mode(near), Ok(Mode::Verified));
            for text in ["require", "verify-ca"] {
                let refused = mode(Some(text), near).unwrap_err().to_string();
                assert!(refused.contains(text) && refused.contains("verify-full"));
            }
            assert_eq!(
                mode(Some("hunter2"), near),
                Err(DatabaseAddressError::BadMode)
            );
        }
        assert_eq!(mode(None, false), Err(DatabaseAddressError::NeedsTls));
    }
}
