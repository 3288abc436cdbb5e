//! Properties of the letters that most texts consist of, without searches in the tables of Unicode:
//! those took most of the time of texts in Thai, Arabic and Cyrillic.

use std::sync::LazyLock;

/// Characters of the Basic Multilingual Plane.
const PLANE: u32 = 0x1_0000;

/// Whether each of them is a letter or a digit, 64 in a number; from the tables of Rust, so that
/// both have one version of Unicode.
static ALPHANUMERIC: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let of = |word: u32| {
        let codes = word * 64..word * 64 + 64;
        let bits =
            codes.map(|code| u64::from(char::from_u32(code).is_some_and(char::is_alphanumeric)));
        bits.rev().fold(0, |all, bit| all << 1 | bit)
    };
    (0..PLANE / 64).map(of).collect()
});

/// Whether a character is a letter or a digit.
#[must_use]
#[inline]
pub fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    if is_own_lower(c) {
        return true;
    }
    match ALPHANUMERIC.get(c as usize / 64) {
        Some(bits) => bits >> (u32::from(c) % 64) & 1 == 1,
        None => c.is_alphanumeric(),
    }
}

/// Whether a character is a letter, as far as texts hold letters to count: digits of other scripts
/// count too.
#[inline]
pub(crate) fn is_letter(c: char) -> bool {
    is_alphanumeric(c) && !c.is_ascii_digit()
}

/// Whether a character is its own lower case, as far as that is known without a search.
#[must_use]
#[inline]
pub fn is_lower(c: char) -> bool {
    is_own_lower(c) || has_no_case(c)
}

/// Whether a character is in the blocks from Hebrew to Myanmar, from Khmer to Lepcha, or from the
/// radicals to the private characters, but for Latin, Cherokee and symbols in between: none has a
/// lower case.
#[inline]
fn has_no_case(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{109f}' | '\u{1780}'..='\u{1c4f}' | '\u{2e80}'..='\u{a63f}'
        | '\u{ac00}'..='\u{faff}')
}

/// Whether a character is a letter that is its own lower case: those of European alphabets in lower
/// case, ideographs, syllables and kana.
#[inline]
fn is_own_lower(c: char) -> bool {
    matches!(c, 'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ' | 'α'..='ω' | 'а'..='џ'
        | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::{is_alphanumeric, is_lower};

    #[test]
    fn letters_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
            if is_lower(c) {
                assert!(c.to_lowercase().eq([c]), "{c:?}");
            }
        }
    }
}
