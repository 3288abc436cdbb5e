//! Keeps web pages out: what a browser sends on a page's behalf must not spend
//! the upstream's credential.
//!
//! A page can post a "simple" request (Fetch standard, CORS-safelisted content
//! types) without asking, so the content type must be JSON. A page whose name
//! resolves to a loopback address can read the answer too, so on loopback the
//! name must be one of loopback's.

use super::error_response::ErrorResponse;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use std::net::IpAddr;

/// Refuses what only a page would send.
///
/// # Errors
/// 415 for another content type, 403 for a foreign name or page.
pub(crate) fn check(headers: &HeaderMap, loopback: bool) -> Result<(), ErrorResponse> {
    let kind = text(headers, &CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let message = "the content type must be `application/json`";
        return Err(ErrorResponse::foreign(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    let foreign_host = text(headers, &HOST).is_some_and(|host| !is_loopback(host));
    let origin = text(headers, &ORIGIN).map(|o| o.parse::<Uri>());
    let foreign_page =
        origin.is_some_and(|uri| !uri.is_ok_and(|u| u.host().is_some_and(is_loopback)));
    if loopback && (foreign_host || foreign_page) {
        let message = "on a loopback address, only its own names and pages are served";
        return Err(ErrorResponse::foreign(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// `localhost`, a name below it, or a loopback address, with or without a port.
fn is_loopback(host: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::check;
    use http::HeaderMap;

    fn status(pairs: &[(&'static str, &str)], loopback: bool) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&headers, loopback)
            .err()
            .map(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn pages_are_kept_out_and_programs_are_not() {
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
