//! Reading the body of a request, within its limits.

use super::error_response::ErrorResponse;
use crate::body_buffer::BodyBuffer;
use crate::time_limit::timeout;
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::io::Read;
use std::pin::pin;
use std::time::Duration;

/// The time limit for a client to send the body.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// The maximum number of bytes beyond the limit that are read and discarded, so that
/// the client receives the response instead of a connection reset.
const MAX_DRAIN_BYTES: usize = 256 * 1024 * 1024;

/// The size up to which a body is copied: it is a part of the buffer of its connection, of at
/// least 8 KiB, which would be kept with it.
const MAX_COPIED_BYTES: usize = 4096;

/// Reads and decodes the body.
///
/// # Errors
/// 413 beyond `limit` bytes, 415 for an unsupported content encoding, 422 for a body
/// that does not arrive.
pub(super) async fn read(
    head: &Parts,
    body: Incoming,
    limit: usize,
) -> Result<Bytes, ErrorResponse> {
    let encoding = Encoding::of(head)?;
    if expects_continue(head) && content_length(head).is_some_and(|length| length > limit) {
        // The client has not sent the body yet.
        return Err(ErrorResponse::too_large(limit));
    }
    let bytes = timeout(READ_TIMEOUT, pin!(collect(body, limit)))
        .await
        .map_err(|_| ErrorResponse::malformed("timed out while reading the request body"))??;
    encoding.decode(bytes, limit)
}

fn expects_continue(head: &Parts) -> bool {
    let expect = head.headers.get(EXPECT);
    expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn content_length(head: &Parts) -> Option<usize> {
    head.headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, ErrorResponse> {
    let mut whole = BodyBuffer::for_body(&body);
    let mut length: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ErrorResponse::malformed("the request body is incomplete"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length <= limit {
            whole.push(data);
        } else if length > limit + MAX_DRAIN_BYTES {
            break;
        } else {
            whole = BodyBuffer::default();
        }
    }
    if length > limit {
        return Err(ErrorResponse::too_large(limit));
    }
    let whole = whole.into_bytes();
    if length <= MAX_COPIED_BYTES {
        return Ok(Bytes::copy_from_slice(&whole));
    }
    Ok(whole)
}

/// A supported content encoding.
#[derive(Clone, Copy)]
enum Encoding {
    Identity,
    Gzip,
    Deflate,
}

impl Encoding {
    fn of(head: &Parts) -> Result<Self, ErrorResponse> {
        let Some(value) = head.headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        let value = value.to_str().unwrap_or_default().trim();
        match value.to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            _ => Err(ErrorResponse::unsupported(
                "the content encoding must be `gzip`, `deflate` or `identity`",
            )),
        }
    }

    fn decode(self, bytes: Bytes, limit: usize) -> Result<Bytes, ErrorResponse> {
        match self {
            Self::Identity => Ok(bytes),
            Self::Gzip => decompress(MultiGzDecoder::new(bytes.as_ref()), limit),
            Self::Deflate => decompress(ZlibDecoder::new(bytes.as_ref()), limit),
        }
    }
}

fn decompress(decoder: impl Read, limit: usize) -> Result<Bytes, ErrorResponse> {
    let mut whole = Vec::new();
    let cap = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .take(cap)
        .read_to_end(&mut whole)
        .map_err(|_| ErrorResponse::malformed("the request body cannot be decompressed"))?;
    if whole.len() > limit {
        return Err(ErrorResponse::too_large(limit));
    }
    Ok(Bytes::from(whole))
}

#[cfg(test)]
mod tests {
    use super::{Encoding, decompress};
    use bytes::Bytes;
    use flate2::Compression;
    use flate2::read::{GzEncoder, MultiGzDecoder, ZlibEncoder};
    use std::io::Read;

    fn read(mut encoder: impl Read) -> Bytes {
        let mut bytes = Vec::new();
        encoder.read_to_end(&mut bytes).unwrap();
        Bytes::from(bytes)
    }

    #[test]
    fn bodies_are_decompressed_up_to_the_limit() {
        let text = "a".repeat(100_000);
        let gzip = read(GzEncoder::new(text.as_bytes(), Compression::best()));
        let zlib = read(ZlibEncoder::new(text.as_bytes(), Compression::best()));
        for (encoding, body) in [(Encoding::Gzip, &gzip), (Encoding::Deflate, &zlib)] {
            let decoded = encoding.decode(body.clone(), 100_000).unwrap();
            assert_eq!(decoded, text.as_bytes());
            let error = encoding.decode(body.clone(), 99_999).unwrap_err();
            assert_eq!(error.status, 413);
        }
        let cut = MultiGzDecoder::new(&gzip[..gzip.len() / 2]);
        assert_eq!(decompress(cut, 100_000).unwrap_err().status, 422);
    }
}
