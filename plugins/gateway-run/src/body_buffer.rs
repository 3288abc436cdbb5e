//! Collecting the chunks of a body.

use bytes::{Bytes, BytesMut};
use hyper::body::Body;

/// Collects chunks. One chunk, as small bodies have, is not copied.
#[derive(Default)]
pub(crate) struct BodyBuffer {
    first: Bytes,
    joined: BytesMut,
    expected: usize,
}

/// The maximum number of bytes that are reserved for a body before they arrive.
const MAX_RESERVED: usize = 1 << 20;

impl BodyBuffer {
    /// Returns a buffer for a body.
    pub(crate) fn for_body(body: &impl Body) -> Self {
        Self::for_length(body.size_hint().exact())
    }

    /// Returns a buffer for a body of which a length may be known.
    pub(crate) fn for_length(length: Option<u64>) -> Self {
        let length = length.unwrap_or_default();
        Self {
            expected: usize::try_from(length).map_or(MAX_RESERVED, |n| n.min(MAX_RESERVED)),
            ..Self::default()
        }
    }

    /// Appends a chunk.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        if self.len() == 0 {
            self.first = chunk;
            return;
        }
        if !self.first.is_empty() {
            self.joined.reserve(self.expected);
            self.joined
                .extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&chunk);
    }

    /// The number of bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    /// Returns the body.
    pub(crate) fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BodyBuffer;
    use bytes::Bytes;

    #[test]
    fn chunks_are_joined_in_order() {
        for chunks in [
            &["", "ab", "", "c", "def"][..],
            &["abcdef"],
            &["a", "bcdef", ""],
        ] {
            let mut buffer = BodyBuffer::default();
            for chunk in chunks {
                buffer.push(Bytes::from_static(chunk.as_bytes()));
            }
            assert_eq!(buffer.len(), 6);
            assert_eq!(buffer.into_bytes(), "abcdef");
        }
    }

    #[test]
    fn one_chunk_is_not_copied() {
        let chunk = Bytes::from(b"abc".to_vec());
        let mut buffer = BodyBuffer::default();
        buffer.push(chunk.clone());
        assert_eq!(buffer.into_bytes().as_ptr(), chunk.as_ptr());
    }
}
