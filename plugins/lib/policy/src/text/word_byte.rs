//! Bytes of words.

/// Returns whether the byte before `at` is an ASCII letter, digit or `_`.
#[inline]
pub(crate) fn after_word(text: &[u8], at: usize) -> bool {
    at > 0 && is_word(text[at - 1])
}

/// ASCII letters, digits and `_`: what `\b` separates from everything else.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
