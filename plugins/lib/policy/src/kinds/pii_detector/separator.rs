//! What stands between the blocks of a number that was wrapped, tabulated or typed.

/// Longest separator, in bytes: a sign between two blanks.
pub(super) const MAX_SEPARATOR: usize = 3;

/// What separates two blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separator {
    pub(super) length: usize,
    /// Whether it is more than one blank or hyphen.
    pub(super) is_wide: bool,
    /// Whether it also separates the cells of a table: a tab, a line end or two blanks.
    pub(super) is_column: bool,
}

/// Reads the separator at `at`: blanks, line ends, and at most one sign, [`MAX_SEPARATOR`] bytes
/// in all. At the end of the text its length reaches there.
pub(super) fn separator(text: &[u8], at: usize) -> Option<Separator> {
    let rest = text.get(at..).unwrap_or_default().iter();
    let length = rest
        .take(MAX_SEPARATOR + 1)
        .take_while(|byte| is_blank(**byte) || is_sign(**byte))
        .count();
    let bytes = &text[at..at + length];
    let signs = bytes.iter().filter(|byte| is_sign(**byte)).count();
    let is_separator = (1..=MAX_SEPARATOR).contains(&length) && signs <= 1;
    is_separator.then(|| Separator {
        length,
        is_wide: !matches!(bytes, b" " | b"-"),
        is_column: signs == 0 && bytes != b" ",
    })
}

/// Whether a digit stands before the separator of a table that ends at `at`.
pub(super) fn follows_cell(text: &[u8], at: usize) -> bool {
    let before = text[..at].iter().rev();
    let length = before
        .take_while(|byte| is_blank(**byte))
        .take(MAX_SEPARATOR)
        .count();
    let is_column = length > 0 && &text[at - length..at] != b" ";
    is_column && matches!(&text[..at - length], [.., digit] if digit.is_ascii_digit())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_sign(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/')
}
