//! The body of a response, by the way in which its end is known (RFC 9112, section 6.3).

use super::chunked::ChunkedDecoder;
use super::error::Http1Error;
use std::ops::Range;

/// Decodes a body that arrives in parts.
#[derive(Debug)]
pub(super) enum BodyDecoder {
    /// The number of bytes that are left.
    Length(u64),
    Chunked(ChunkedDecoder),
    /// It ends with the connection.
    UntilClose,
}

impl Default for BodyDecoder {
    fn default() -> Self {
        Self::Length(0)
    }
}

impl BodyDecoder {
    /// Whether the body has ended.
    pub(super) fn is_ended(&self) -> bool {
        match self {
            Self::Length(remaining) => *remaining == 0,
            Self::Chunked(decoder) => decoder.is_ended(),
            Self::UntilClose => false,
        }
    }

    /// The number of bytes that are left, if it is known.
    pub(super) fn exact_length(&self) -> Option<u64> {
        match self {
            Self::Length(remaining) => Some(*remaining),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    /// Decodes bytes in place; returns where the data is then, and how many bytes belong to the
    /// body.
    ///
    /// # Errors
    /// When they are not valid.
    pub(super) fn decode(&mut self, bytes: &mut [u8]) -> Result<(Range<usize>, usize), Http1Error> {
        match self {
            Self::Length(remaining) => {
                let length = usize::try_from(*remaining).unwrap_or(usize::MAX);
                let length = length.min(bytes.len());
                *remaining -= length as u64;
                Ok((0..length, length))
            }
            Self::Chunked(decoder) => decoder.decode(bytes),
            Self::UntilClose => Ok((0..bytes.len(), bytes.len())),
        }
    }

    /// Ends the body with the connection.
    ///
    /// # Errors
    /// When more of it should have come.
    pub(super) fn close(&mut self) -> Result<(), Http1Error> {
        match self {
            Self::UntilClose => {
                *self = Self::Length(0);
                Ok(())
            }
            _ if self.is_ended() => Ok(()),
            _ => Err(Http1Error::Incomplete),
        }
    }
}
