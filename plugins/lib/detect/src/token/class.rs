//! What bytes and characters are to the token stream.

use crate::alphabet::is_alphanumeric;

/// The class of a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Between tokens.
    Separator,
    Lower,
    Upper,
    Digit,
    /// A token of its own, once for a run.
    Sign,
    /// Invisible inside words: marks of emphasis and apostrophes.
    Transparent,
    /// Part of a character that is not ASCII.
    Wide,
}

pub(super) const CLASSES: [Class; 256] = {
    let mut classes = [Class::Separator; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'|' | b'#' | b':' | b'=' => Class::Sign,
            b'*' | b'`' | b'\'' | 0x7f => Class::Transparent,
            0x80.. => Class::Wide,
            _ => Class::Separator,
        };
        byte += 1;
    }
    classes
};

/// Scripts that are written without spaces, and Hangul: every character is a
/// token.
pub(super) fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0xe00..=0xeff | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17ff
        | 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Whether a character that is not ASCII goes on a word: a letter, or the vowel
/// sign of a script that writes vowels as marks.
pub(super) fn in_word(c: char) -> bool {
    is_alphanumeric(c)
        || matches!(u32::from(c),
            0x5b0..=0x5c7 | 0x610..=0x61a | 0x64b..=0x65f | 0x670 | 0x900..=0xdff)
}

/// The letter that a digit stands for in a word such as `1gn0re`.
pub(crate) fn unleet(digit: u8) -> u8 {
    match digit {
        b'0' => b'o',
        b'1' => b'i',
        b'3' => b'e',
        b'4' => b'a',
        b'5' => b's',
        b'7' => b't',
        b'8' => b'b',
        b'9' => b'g',
        other => other,
    }
}
