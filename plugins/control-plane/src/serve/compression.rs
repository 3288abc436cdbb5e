//! Compression of responses with gzip (RFC 9110, 8.4.1.3 and 12.5.3).
//!
//! Only contents of versions are compressed, on a blocking thread. The layer of `tower-http` would
//! add seven crates for this one operation, compress on the event loop, and keep a strong `ETag`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{ACCEPT_ENCODING, HeaderMap};
use kt_control_api::Response;

use super::blocking::run_blocking;
use super::message::HttpResponse;
use crate::api::ApiError;

/// Returns whether the client accepts gzip by name.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(is_acceptable_gzip)
}

/// Returns whether an element of `Accept-Encoding` is gzip with a weight above 0.
fn is_acceptable_gzip(element: &str) -> bool {
    let (coding, weight) = element.split_once(';').unwrap_or((element, "q=1"));
    let weight = weight.split_once('=').map(|(_, value)| value.trim());
    coding.trim().eq_ignore_ascii_case("gzip")
        && weight.is_some_and(|value| value.parse::<f32>().is_ok_and(|q| q > 0.0))
}

/// Returns the response in the coding that the client accepts.
pub(super) async fn encode(response: Response, gzip: bool) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::from(response);
    response.set_header("vary", "Accept-Encoding");
    if !gzip || response.status != 200 {
        return Ok(response);
    }
    let body = response.body.clone();
    response.body = run_blocking(move || compress(&body)).await?.into();
    response.set_header("content-encoding", "gzip");
    // Weak, since another kt may compress the same content to other bytes.
    if let Some(etag) = response.headers.get_mut("etag") {
        etag.insert_str(0, "W/");
    }
    Ok(response)
}

/// Speed matters more than size: after a change, many clients send requests at once.
fn compress(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::is_acceptable_gzip;

    #[test]
    fn gzip_is_used_when_named_with_a_weight_above_zero() {
        for (element, acceptable) in [
            ("gzip", true),
            (" GZIP;q=1.0", true),
            ("gzip ; q=0.2", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0", false),
            ("gzip;q", false),
            ("gzipped", false),
            ("identity", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(is_acceptable_gzip(element), acceptable, "{element}");
        }
    }
}
