//! Decoding the content encoding of a response while it arrives.

use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use std::io::Write;

/// The maximum number of compressed bytes that are decoded at once: they expand to at
/// most about a thousand times as many.
const STEP: usize = 4096;

/// Decodes the body of a response.
pub(crate) struct Decoder {
    stream: Stream,
    /// Bytes that are not decoded yet.
    pending: Bytes,
}

enum Stream {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Deflate(Box<ZlibDecoder<Vec<u8>>>),
}

impl Decoder {
    /// Returns a decoder for the encoding of a response; `None` if it has none.
    ///
    /// # Errors
    /// A message, when the encoding is not supported.
    pub(super) fn new(headers: &HeaderMap) -> Result<Option<Self>, String> {
        let Some(encoding) = headers.get(CONTENT_ENCODING) else {
            return Ok(None);
        };
        let encoding = encoding.to_str().unwrap_or("?").trim().to_ascii_lowercase();
        let stream = match encoding.as_str() {
            "" | "identity" => return Ok(None),
            "gzip" | "x-gzip" => Stream::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Stream::Deflate(Box::new(ZlibDecoder::new(Vec::new()))),
            _ => {
                return Err(format!(
                    "the upstream returned the content encoding `{encoding}`, which is not supported"
                ));
            }
        };
        Ok(Some(Self {
            stream,
            pending: Bytes::new(),
        }))
    }

    /// Whether [`Decoder::decode`] has something to do.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds compressed bytes; there must be none pending.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.pending = bytes;
    }

    /// Decodes some of the pending bytes.
    ///
    /// # Errors
    /// When they are not valid.
    pub(super) fn decode(&mut self) -> std::io::Result<Bytes> {
        let step = self.pending.split_to(self.pending.len().min(STEP));
        let output = match &mut self.stream {
            Stream::Gzip(decoder) => {
                decoder.write_all(&step)?;
                decoder.flush()?;
                decoder.get_mut()
            }
            Stream::Deflate(decoder) => {
                decoder.write_all(&step)?;
                decoder.flush()?;
                decoder.get_mut()
            }
        };
        Ok(Bytes::from(std::mem::take(output)))
    }

    /// Checks that the body is complete.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn finish(&mut self) -> std::io::Result<()> {
        match &mut self.stream {
            Stream::Gzip(decoder) => decoder.try_finish(),
            Stream::Deflate(decoder) => decoder.try_finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decoder;
    use bytes::Bytes;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderMap;
    use std::io::Write;

    fn headers(encoding: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", encoding.parse().unwrap());
        headers
    }

    #[test]
    fn each_flushed_part_is_decoded_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let mut decoder = Decoder::new(&headers("gzip")).unwrap().unwrap();
        for part in ["data: one\n\n", "data: two\n\n"] {
            encoder.write_all(part.as_bytes()).unwrap();
            encoder.flush().unwrap();
            decoder.push(Bytes::from(std::mem::take(encoder.get_mut())));
            assert_eq!(decoder.decode().unwrap(), part.as_bytes());
        }
        decoder.push(Bytes::from(encoder.finish().unwrap()));
        while decoder.has_pending() {
            assert!(decoder.decode().unwrap().is_empty());
        }
        decoder.finish().unwrap();
    }

    #[test]
    fn other_encodings_are_errors() {
        assert!(Decoder::new(&headers("br")).is_err());
        assert!(Decoder::new(&headers("identity")).unwrap().is_none());
        let mut decoder = Decoder::new(&headers("gzip")).unwrap().unwrap();
        decoder.push(Bytes::from_static(b"not gzip at all"));
        decoder.decode().unwrap_err();
    }
}
