//! Refuses requests of web pages: what a browser sends on behalf of a page must not use
//! the credential of an upstream.
//!
//! A page can send a "simple" request (Fetch standard, CORS-safelisted content types)
//! without a preflight, so the content type must be JSON. On a loopback address the
//! host must be a loopback host, against DNS rebinding.

use super::error_response::ErrorResponse;
use crate::loopback::is_loopback_host;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Uri};

/// Refuses requests that only a page sends.
///
/// # Errors
/// 415 for another content type, 403 for a foreign host or origin.
pub(super) fn check(uri: &Uri, headers: &HeaderMap, loopback: bool) -> Result<(), ErrorResponse> {
    let content_type = text(headers, &CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let message = "the content type must be `application/json`";
        return Err(ErrorResponse::unsupported(message));
    }
    // HTTP/2 has the host in the URI.
    let host = text(headers, &HOST).or_else(|| Some(uri.authority()?.as_str()));
    let foreign_host = host.is_some_and(|host| !is_loopback_host(host));
    let origin = text(headers, &ORIGIN).map(|o| o.parse::<Uri>());
    let foreign_origin =
        origin.is_some_and(|uri| !uri.is_ok_and(|u| u.host().is_some_and(is_loopback_host)));
    if loopback && (foreign_host || foreign_origin) {
        let message = "on a loopback address, the host and the origin must be loopback hosts";
        return Err(ErrorResponse::foreign_origin(message));
    }
    Ok(())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use http::HeaderMap;

    fn status(pairs: &[(&'static str, &str)], loopback: bool) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&"/".parse().unwrap(), &headers, loopback)
            .err()
            .map(|error| error.status.as_u16())
    }

    #[test]
    fn requests_of_pages_are_refused() {
        let json = ("content-type", "application/json; charset=utf-8");
        assert_eq!(status(&[json], true), None);
        assert_eq!(status(&[("content-type", "text/plain")], true), Some(415));
        assert_eq!(status(&[], false), Some(415));
        for host in [
            "localhost:41002",
            "127.0.0.1:1",
            "[::1]:8",
            "a.localhost",
            "127.8.8.8",
        ] {
            assert_eq!(status(&[json, ("host", host)], true), None, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:41002",
            "10.0.0.1",
            "localhost.evil.example",
        ] {
            assert_eq!(status(&[json, ("host", host)], true), Some(403), "{host}");
            assert_eq!(status(&[json, ("host", host)], false), None, "{host}");
        }
        for (origin, expected) in [
            ("http://localhost:3000", None),
            ("https://evil.example", Some(403)),
            ("null", Some(403)),
        ] {
            assert_eq!(
                status(&[json, ("origin", origin)], true),
                expected,
                "{origin}"
            );
        }
    }
}
