//! The frozen structs: strings, sinks and replies. They never change.

use std::ffi::c_void;
use std::fmt;
use std::slice;
use std::str;

/// UTF-8 text, borrowed for the duration of a call (`kt_str`).
///
/// Values of the other side are not trusted: [`KtStr::read`] checks them.
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtStr {
    /// First byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: usize,
}

// SAFETY: `KtStr` is a pointer and a length. Dereferencing it is unsafe, and the
// exported blocks only contain pointers to static text.
unsafe impl Sync for KtStr {}
// SAFETY: as above.
unsafe impl Send for KtStr {}

/// The reason why a text of the other side is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// The pointer is null although the length is not 0.
    Null,
    /// The length exceeds what any object may have (`isize::MAX`).
    TooLong,
    /// The bytes are not UTF-8.
    NotUtf8,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null pointer with a non-zero length",
            Self::TooLong => "length out of range",
            Self::NotUtf8 => "not UTF-8",
        })
    }
}

impl KtStr {
    /// Borrows `text`, which must outlive every use of the result.
    #[must_use]
    pub const fn new(text: &str) -> Self {
        Self {
            ptr: text.as_ptr(),
            len: text.len(),
        }
    }

    /// Returns the empty text.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            ptr: std::ptr::null(),
            len: 0,
        }
    }

    /// Borrows the bytes, such as a chunk of a text that may end within a character.
    ///
    /// # Errors
    /// [`TextError`] if it is null, or longer than any object.
    ///
    /// # Safety
    /// As for [`KtStr::read`].
    pub unsafe fn bytes<'a>(self) -> Result<&'a [u8], TextError> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.ptr.is_null() {
            return Err(TextError::Null);
        }
        if isize::try_from(self.len).is_err() {
            return Err(TextError::TooLong);
        }
        // SAFETY: not null, of valid length, and readable as the caller guarantees.
        Ok(unsafe { slice::from_raw_parts(self.ptr, self.len) })
    }

    /// Checks and borrows the text.
    ///
    /// # Errors
    /// [`TextError`] if it is null, longer than any object, or not UTF-8.
    ///
    /// # Safety
    /// If `ptr` is not null, `len` bytes from it must be readable and unchanged
    /// for `'a`.
    pub unsafe fn read<'a>(self) -> Result<&'a str, TextError> {
        // SAFETY: as the caller guarantees.
        let bytes = unsafe { self.bytes() }?;
        str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)
    }
}

/// Receives a result in chunks, which are concatenated; one may end within a
/// character (`kt_sink`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtSink {
    /// First argument of `write`.
    pub ctx: *mut c_void,
    /// Receives one chunk.
    pub write: unsafe extern "C" fn(ctx: *mut c_void, chunk: KtStr),
}

/// Receives the response to an interface call (`kt_reply`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtReply {
    /// First argument of both functions.
    pub ctx: *mut c_void,
    /// Receives one chunk of the result, which is JSON.
    pub write: unsafe extern "C" fn(ctx: *mut c_void, chunk: KtStr),
    /// Receives the error object, which is JSON.
    pub fail: unsafe extern "C" fn(ctx: *mut c_void, error: KtStr),
}
