//! Properties of the letters that most texts consist of, without the tables of Unicode.

/// Whether a character is a letter or a digit.
#[must_use]
#[inline]
pub fn is_alphanumeric(c: char) -> bool {
    is_own_lower(c) || c.is_alphanumeric()
}

/// Whether a character is a letter that is its own lower case: those of European alphabets in lower
/// case, ideographs, syllables and kana.
#[inline]
pub(crate) fn is_own_lower(c: char) -> bool {
    matches!(c, 'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ' | 'α'..='ω' | 'а'..='џ'
        | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::{is_alphanumeric, is_own_lower};

    #[test]
    fn letters_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
            if is_own_lower(c) {
                assert!(c.to_lowercase().eq([c]), "{c:?}");
            }
        }
    }
}
