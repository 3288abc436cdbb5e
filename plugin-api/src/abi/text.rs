//! The frozen structs: text, sinks and replies. They never change.

use std::ffi::c_void;
use std::fmt;
use std::slice;
use std::str;

/// UTF-8 text, borrowed for the duration of a call (`kt_str`).
///
/// What the other side hands over is not trusted: [`KtStr::read`] checks it.
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtStr {
    /// First byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: usize,
}

// SAFETY: `KtStr` is a plain pair; whoever dereferences it vouches for the
// memory, and the exported blocks hold only pointers to static text.
unsafe impl Sync for KtStr {}
// SAFETY: as above.
unsafe impl Send for KtStr {}

/// Text from the other side that cannot be used.
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
            Self::Null => "null pointer with a length",
            Self::TooLong => "impossible length",
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

    /// The empty text.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            ptr: std::ptr::null(),
            len: 0,
        }
    }

    /// Checks and borrows the text.
    ///
    /// # Errors
    /// [`TextError`] when it is null, impossibly long or not UTF-8.
    ///
    /// # Safety
    /// If `ptr` is not null, `len` bytes from it must be readable and unchanged
    /// for `'a`.
    pub unsafe fn read<'a>(self) -> Result<&'a str, TextError> {
        if self.len == 0 {
            return Ok("");
        }
        if self.ptr.is_null() {
            return Err(TextError::Null);
        }
        if isize::try_from(self.len).is_err() {
            return Err(TextError::TooLong);
        }
        // SAFETY: not null, a possible length, and readable by the caller's promise.
        let bytes = unsafe { slice::from_raw_parts(self.ptr, self.len) };
        str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)
    }
}

/// Where a result goes (`kt_sink`); chunks are joined as they arrive.
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtSink {
    /// First argument of `write`.
    pub ctx: *mut c_void,
    /// Takes one chunk.
    pub write: unsafe extern "C" fn(ctx: *mut c_void, chunk: KtStr),
}

/// Where the answer to an interface call goes (`kt_reply`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtReply {
    /// First argument of both functions.
    pub ctx: *mut c_void,
    /// Takes one chunk of the result, which is JSON.
    pub write: unsafe extern "C" fn(ctx: *mut c_void, chunk: KtStr),
    /// Takes the error object, which is JSON.
    pub fail: unsafe extern "C" fn(ctx: *mut c_void, error: KtStr),
}
