//! A text of limited length that is written without allocation.

use std::fmt;

/// A text of at most `N` bytes. What does not fit is cut off. Characters that would
/// require an escape in JSON, or that control a terminal, are replaced.
#[derive(Clone, Copy)]
pub(super) struct FixedText<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> FixedText<N> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
        }
    }

    /// Returns a text with the arguments of `format_args!`.
    pub(super) fn of(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Self::new();
        text.push(arguments);
        text
    }

    /// Returns a text with bytes that were taken from another one.
    pub(super) fn from_bytes(bytes: impl Iterator<Item = u8>) -> Self {
        let mut text = Self::new();
        for (target, byte) in text.bytes.iter_mut().zip(bytes) {
            *target = byte;
            text.length += 1;
        }
        text
    }

    pub(super) fn push(&mut self, arguments: fmt::Arguments<'_>) {
        // A text that does not fit is cut off.
        let _result = fmt::write(self, arguments);
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for FixedText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let replaced = character.is_control() || matches!(character, '"' | '\\');
            let character = if replaced { '?' } else { character };
            let rest = self.bytes.get_mut(self.length..).unwrap_or_default();
            let Some(target) = rest.get_mut(..character.len_utf8()) else {
                return Err(fmt::Error);
            };
            self.length += character.encode_utf8(target).len();
        }
        Ok(())
    }
}

impl<const N: usize> fmt::Display for FixedText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::FixedText;

    #[test]
    fn a_text_is_cut_off_between_characters() {
        let text = FixedText::<5>::of(format_args!("{}{}", "caf", "\u{e9}\u{e9}"));
        assert_eq!(text.as_str(), "caf\u{e9}");
        assert_eq!(FixedText::<5>::of(format_args!("123456")).as_str(), "12345");
    }

    #[test]
    fn a_text_needs_no_escapes() {
        let text = FixedText::<16>::of(format_args!("a\"b\\c\n\u{1b}[2J\u{9b}"));
        assert_eq!(text.as_str(), "a?b?c??[2J?");
    }
}
