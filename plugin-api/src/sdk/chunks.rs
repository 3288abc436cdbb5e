//! A text that arrives in chunks.

use crate::abi::{KtSink, KtStr};
use std::ffi::c_void;
use std::str::Utf8Error;

/// The chunks of a result, joined as bytes: a chunk may end within a character.
#[derive(Debug, Default)]
pub struct Chunks {
    bytes: Vec<u8>,
    invalid: bool,
}

impl Chunks {
    /// Returns a sink that appends to this value, which must outlive its use.
    pub fn sink(&mut self) -> KtSink {
        KtSink {
            ctx: std::ptr::from_mut(self).cast(),
            write,
        }
    }

    /// Appends a chunk; an invalid one makes the whole text invalid.
    ///
    /// # Safety
    /// As for [`KtStr::read`].
    pub unsafe fn append(&mut self, chunk: KtStr) {
        // SAFETY: as the caller guarantees.
        match unsafe { chunk.bytes() } {
            Ok(bytes) => self.bytes.extend_from_slice(bytes),
            Err(_) => self.invalid = true,
        }
    }

    /// Returns the bytes; none if a chunk was invalid.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        if self.invalid { &[] } else { &self.bytes }
    }

    /// Returns the text.
    ///
    /// # Errors
    /// If the bytes are not UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.bytes())
    }
}

unsafe extern "C" fn write(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: the value of `sink`, which is borrowed for the call, and a text that is
    // valid during this one.
    unsafe { (*ctx.cast::<Chunks>()).append(chunk) };
}

#[cfg(test)]
mod tests {
    use super::Chunks;
    use crate::abi::KtStr;

    #[test]
    fn a_chunk_may_end_within_a_character() {
        let text = "caf\u{e9} \u{1f600}";
        for cut in 0..=text.len() {
            let (start, end) = text.as_bytes().split_at(cut);
            let mut chunks = Chunks::default();
            let sink = chunks.sink();
            for part in [start, end] {
                let chunk = KtStr {
                    ptr: part.as_ptr(),
                    len: part.len(),
                };
                // SAFETY: the sink of the value above.
                unsafe { (sink.write)(sink.ctx, chunk) };
            }
            assert_eq!(chunks.text(), Ok(text));
        }
    }

    #[test]
    fn an_invalid_chunk_is_not_skipped() {
        let mut chunks = Chunks::default();
        let null = KtStr {
            ptr: std::ptr::null(),
            len: 7,
        };
        // SAFETY: null is checked.
        unsafe {
            chunks.append(KtStr::new("a"));
            chunks.append(null);
        }
        assert_eq!(chunks.bytes(), b"");
    }
}
