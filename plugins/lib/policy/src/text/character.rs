//! Characters of bytes.

/// The character at an offset of valid UTF-8.
pub(crate) fn character(text: &[u8], at: usize) -> Option<char> {
    let first = *text.get(at)?;
    if first.is_ascii() {
        return Some(char::from(first));
    }
    let length = match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    std::str::from_utf8(text.get(at..at + length)?)
        .ok()?
        .chars()
        .next()
}
