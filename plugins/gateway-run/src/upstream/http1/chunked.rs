//! The chunked transfer coding (RFC 9112, section 7.1).

use super::error::Http1Error;
use std::ops::Range;

/// The maximum number of digits of the size of a chunk.
const MAX_SIZE_DIGITS: u8 = 16;
/// The maximum number of bytes of all chunk extensions of a body.
const MAX_EXTENSION_BYTES: u32 = 16 * 1024;
/// The maximum number of bytes of all trailer fields.
const MAX_TRAILER_BYTES: u32 = 16 * 1024;

/// Decodes a body that arrives in parts.
#[derive(Debug)]
pub(super) struct ChunkedDecoder {
    state: State,
    /// The size of the chunk while it is read, then what is left of it.
    remaining: u64,
    size_digits: u8,
    extension_bytes: u32,
    trailer_bytes: u32,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Size,
    /// White space behind the size.
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer field, or the last line.
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Ended,
}

impl Default for ChunkedDecoder {
    fn default() -> Self {
        Self {
            state: State::Size,
            remaining: 0,
            size_digits: 0,
            extension_bytes: 0,
            trailer_bytes: 0,
        }
    }
}

impl ChunkedDecoder {
    /// Whether the body has ended.
    pub(super) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Decodes bytes in place; returns where the data is then, and how many bytes belong to the
    /// body.
    ///
    /// # Errors
    /// When they are not chunks, or have too much besides data.
    pub(super) fn decode(&mut self, bytes: &mut [u8]) -> Result<(Range<usize>, usize), Http1Error> {
        let mut data = 0..0;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at)
            && self.state != State::Ended
        {
            if self.state != State::Data {
                self.state = self.next(byte)?;
                at += 1;
                continue;
            }
            let left = bytes.len() - at;
            let length = usize::try_from(self.remaining).map_or(left, |n| n.min(left));
            if data.is_empty() {
                data = at..at + length;
            } else {
                bytes.copy_within(at..at + length, data.end);
                data.end += length;
            }
            at += length;
            self.remaining -= length as u64;
            if self.remaining == 0 {
                self.state = State::DataCr;
            }
        }
        Ok((data, at))
    }

    /// Returns what comes after a byte that is no data.
    fn next(&mut self, byte: u8) -> Result<State, Http1Error> {
        match (self.state, byte) {
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (State::Size, _) if self.size_digits == 0 => {
                Err(Http1Error::Malformed("a chunk has no size"))
            }
            (State::Size | State::SizeSpace, b' ' | b'\t') => self.extension(State::SizeSpace),
            (State::Size | State::SizeSpace, b';') => self.extension(State::Extension),
            (State::Size | State::SizeSpace | State::Extension, b'\r') => Ok(State::SizeLf),
            // A chunk extension ends with CR LF, so that no other reader finds another end.
            (State::Extension, b'\n') => {
                Err(Http1Error::Malformed("a chunk extension has a line break"))
            }
            (State::Extension, _) => self.extension(State::Extension),
            (State::SizeLf, b'\n') => {
                self.size_digits = 0;
                Ok(match self.remaining {
                    0 => State::TrailerStart,
                    _ => State::Data,
                })
            }
            (State::Size | State::SizeSpace | State::SizeLf, _) => {
                Err(Http1Error::Malformed("the size of a chunk"))
            }
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size),
            (State::DataCr | State::DataLf, _) => {
                Err(Http1Error::Malformed("a chunk is longer than its size"))
            }
            (State::TrailerStart, b'\r') => Ok(State::EndLf),
            (State::TrailerName, b':') => self.trailer(State::TrailerValue),
            (State::TrailerStart | State::TrailerName, _) if is_token(byte) => {
                self.trailer(State::TrailerName)
            }
            (State::TrailerValue, b'\r') => Ok(State::TrailerLf),
            (State::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => {
                self.trailer(State::TrailerValue)
            }
            (State::TrailerStart | State::TrailerName | State::TrailerValue, _) => {
                Err(Http1Error::Malformed("a trailer field"))
            }
            (State::TrailerLf, b'\n') => Ok(State::TrailerStart),
            (State::EndLf, b'\n') => Ok(State::Ended),
            (State::TrailerLf | State::EndLf, _) => {
                Err(Http1Error::Malformed("the end of the chunks"))
            }
            // Data is not decided byte by byte.
            (State::Data | State::Ended, _) => Ok(self.state),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<State, Http1Error> {
        let digit = char::from(byte).to_digit(16).unwrap_or_default();
        self.size_digits += 1;
        // Sixteen digits cannot overflow.
        if self.size_digits > MAX_SIZE_DIGITS {
            return Err(Http1Error::Malformed("the size of a chunk is too large"));
        }
        self.remaining = (self.remaining << 4) | u64::from(digit);
        Ok(State::Size)
    }

    fn extension(&mut self, next: State) -> Result<State, Http1Error> {
        self.extension_bytes += 1;
        if self.extension_bytes > MAX_EXTENSION_BYTES {
            return Err(Http1Error::Malformed("the chunk extensions are too long"));
        }
        Ok(next)
    }

    fn trailer(&mut self, next: State) -> Result<State, Http1Error> {
        self.trailer_bytes += 1;
        if self.trailer_bytes > MAX_TRAILER_BYTES {
            return Err(Http1Error::Malformed("the trailer fields are too long"));
        }
        Ok(next)
    }
}

/// Whether a byte may be in the name of a field (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{ChunkedDecoder, MAX_EXTENSION_BYTES, MAX_TRAILER_BYTES};

    /// Decodes a body in parts of a length; returns its data, and the bytes behind it.
    fn decode(body: &[u8], length: usize) -> Result<(String, usize, bool), String> {
        let mut decoder = ChunkedDecoder::default();
        let (mut text, mut surplus) = (Vec::new(), 0);
        for part in body.chunks(length) {
            let mut part = part.to_vec();
            let (data, used) = decoder.decode(&mut part).map_err(|e| e.to_string())?;
            text.extend_from_slice(&part[data]);
            surplus += part.len() - used;
        }
        let text = String::from_utf8(text).unwrap();
        Ok((text, surplus, decoder.is_ended()))
    }

    #[test]
    fn chunks_are_joined_wherever_they_are_split() {
        let body = b"3\r\nabc\r\n01 \t\r\nd\r\nA;x=\"y\"\r\n0123456789\r\n0;z\r\nTrailer: one\r\nOther: two\r\n\r\nmore";
        for length in 1..=body.len() {
            let decoded = decode(body, length);
            assert_eq!(
                decoded,
                Ok(("abcd0123456789".to_owned(), 4, true)),
                "{length}"
            );
        }
        for end in 0..body.len() - 4 {
            let (_, _, ended) = decode(&body[..end], 7).unwrap();
            assert!(!ended, "{end}");
        }
    }

    #[test]
    fn sizes_need_digits_and_fit() {
        for body in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            " 1\r\n",
            ";\r\n",
            "1 1\r\n",
            "1\n",
            "1\ra",
            "1;x\n",
            "1;x\ra",
            "1\r\nab",
            "1\r\na\n",
            "1\r\na\rb",
            "1\r\na\r\n\r\n",
            "11111111111111111\r\n",
            "00000000000000000\r\n",
            "0\r\n\n",
            "0\r\nx: y\n",
            "0\r\nx: y\rz",
            "0\r\nx\r\n",
            "0\r\n: y\r\n",
            "0\r\nx : y\r\n",
            "0\r\n x: y\r\n",
            "0\r\nx: \0\r\n",
            "0\r\n\rx",
        ] {
            for length in [1, body.len()] {
                assert!(decode(body.as_bytes(), length).is_err(), "{body:?}");
            }
        }
        // The largest size does not overflow, however much of it arrives.
        let (text, _, ended) = decode(b"ffffffffffffffff\r\nabc", 4).unwrap();
        assert_eq!((text.as_str(), ended), ("abc", false));
    }

    #[test]
    fn extensions_and_trailers_have_a_limit() {
        let extensions = |length: u32| {
            let extension = "x".repeat(length as usize / 2 - 1);
            format!("1;{extension}\r\na\r\n1;{extension}\r\na\r\n0\r\n\r\n")
        };
        assert!(decode(extensions(MAX_EXTENSION_BYTES).as_bytes(), 999).is_ok());
        assert!(decode(extensions(MAX_EXTENSION_BYTES + 2).as_bytes(), 999).is_err());
        let trailers = |length: u32| format!("0\r\nx:{}\r\n\r\n", "y".repeat(length as usize - 2));
        assert!(decode(trailers(MAX_TRAILER_BYTES).as_bytes(), 999).is_ok());
        assert!(decode(trailers(MAX_TRAILER_BYTES + 1).as_bytes(), 999).is_err());
    }
}
