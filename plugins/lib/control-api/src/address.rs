//! The URLs of control planes, without credentials in messages.

use std::ops::Range;

/// Returns the range of user name and password in a URL, with as many or few slashes as URL parsers
/// accept. A password may contain a slash, although parsers take that for the end of the host: the
/// part before it then has no valid port.
pub(crate) fn userinfo(url: &str) -> Option<Range<usize>> {
    let start = authority(url);
    let rest = url.get(start..)?;
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end)?;
    let at = match host.rfind('@') {
        None if !has_proper_port(host) => rest.rfind('@')?,
        at => at?,
    };
    Some(start..start + at)
}

/// Splits the value of a setting that may hold several URLs separated by commas.
pub fn split_addresses(url: &str) -> impl Iterator<Item = &str> {
    url.split(',')
        .map(|part| part.trim().trim_end_matches('/'))
        .filter(|part| !part.is_empty())
}

/// Returns whether one of several URLs holds a user name or password. A password may contain a
/// comma, so none of several URLs may contain an `@`.
pub(crate) fn holds_password(url: &str) -> bool {
    match split_addresses(url).count() {
        0 | 1 => userinfo(url).is_some(),
        _ => url.contains('@'),
    }
}

/// Replaces user name and password with `***`, so that no message can show them.
pub(crate) fn without_password(url: &str) -> String {
    if url.contains(',') && holds_password(url) {
        return redact_address(url);
    }
    mask(url, userinfo(url))
}

/// Returns the URL for messages: everything before the last `@` is replaced, which may be more than
/// user name and password.
#[must_use]
pub fn redact_address(url: &str) -> String {
    let start = authority(url);
    let at = url.rfind('@').filter(|at| *at >= start);
    mask(url, at.map(|at| start..at))
}

fn mask(url: &str, secret: Option<Range<usize>>) -> String {
    let mut url = url.to_owned();
    if let Some(secret) = secret {
        url.replace_range(secret, "***");
    }
    url
}

/// Returns where the authority begins.
fn authority(url: &str) -> usize {
    let slash = |c: char| matches!(c, '/' | '\\') || c.is_whitespace() || c.is_control();
    let scheme = url.find(':').filter(|&colon| {
        let name = url.get(..colon).unwrap_or_default().trim_start();
        let after = url.get(colon + 1..).unwrap_or_default();
        let known = name.eq_ignore_ascii_case("http") || name.eq_ignore_ascii_case("https");
        known || after.starts_with(slash)
    });
    let rest = url
        .get(scheme.map_or(0, |colon| colon + 1)..)
        .unwrap_or_default();
    url.len() - rest.trim_start_matches(slash).len()
}

/// Returns whether a host has a valid port or none.
fn has_proper_port(host: &str) -> bool {
    let after_brackets = host.rsplit_once(']').map_or(host, |(_, after)| after);
    let port = after_brackets.rsplit_once(':').map(|(_, port)| port);
    port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{redact_address, split_addresses, without_password};
    use crate::ConnectOptions;
    use kt_plugin_api::Class;

    fn at(url: &str) -> ConnectOptions {
        ConnectOptions {
            url: Some(url.to_owned()),
            ..ConnectOptions::default()
        }
    }

    #[test]
    fn a_password_in_the_url_is_rejected_and_masked() {
        for url in [
            "https://user:hunter2@host",
            "HTTPS://hunter2@host:8080/base",
            "https:/user:hunter2@host",
            "https:user:hunter2@host",
            "https:\\\\user:hunter2@host",
            " https://\tuser:hunter2@host",
            "https://user:hunt@hunter2@host",
            "user:hunter2@host",
            "ftp://user:hunter2@host",
            "https://user:hunter2/x@host",
            "https://user:x/hunter2@host:80/v1",
            "https://user:x?hunter2#y@host",
            "user:x/hunter2@host",
        ] {
            let error = at(url).check_url().unwrap_err();
            assert_eq!(error.class, Class::Settings, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            for masked in [without_password(url), redact_address(url)] {
                assert!(!masked.contains("hunter2"), "{masked}");
                assert!(at(&masked).check_url().is_err(), "{masked}");
            }
        }
    }

    #[test]
    fn several_urls_are_split_and_hold_no_password() {
        let several = "https://a, https://b/ ,,http://[::1]:80";
        let all: Vec<_> = split_addresses(several).collect();
        assert_eq!(all, ["https://a", "https://b", "http://[::1]:80"]);
        assert!(at(several).check_url().is_ok());
        for url in [
            "https://a,https://user:hunter2@b",
            "https://user:hunter2@a,https://b",
            "https://user:x,hunter2@host",
            "https://user:hunter2,x@host,https://b",
        ] {
            let error = at(url).check_url().unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            for masked in [without_password(url), redact_address(url)] {
                assert!(!masked.contains("hunter2"), "{masked}");
            }
        }
    }

    #[test]
    fn urls_without_passwords_are_unchanged() {
        for url in [
            "https://host",
            "http://127.0.0.1:8080/base/@team?x=a@b",
            "http://[::1]:80",
            "http://[::1]/x@y",
            "localhost:8080",
        ] {
            assert!(at(url).check_url().is_ok(), "{url}");
            assert_eq!(without_password(url), url);
        }
        assert!(ConnectOptions::default().check_url().is_ok());
    }

    /// These may be valid, or hold a password that begins like a port.
    #[test]
    fn everything_before_the_last_at_is_masked() {
        for url in [
            "https://user:80/hunter2@host",
            "https://hunter2/x@host",
            "https://host/?a=hunter2@b",
            "user:/hunter2@host",
        ] {
            let masked = redact_address(url);
            assert!(
                !masked.contains("hunter2") && masked.contains("***@"),
                "{masked}"
            );
            assert!(!format!("{:?}", at(url)).contains("hunter2"));
            assert_eq!(at(url).display_address(), masked);
        }
        for url in ["https://host:80/v1", "localhost", "http://[::1]:80", ""] {
            assert_eq!(redact_address(url), url);
        }
        assert_eq!(ConnectOptions::default().display_address(), "embedded");
    }
}
