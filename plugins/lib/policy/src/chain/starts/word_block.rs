//! The words of 64 bytes, found at once: a loop over single bytes mispredicts where nearly every
//! word ends.

use kt_detect::load;

use crate::chain::phases::ANNOUNCING;
use crate::text::{after_word, is_word};

/// Bytes of a block.
const LENGTH: usize = 64;
/// The last bits of a block: what stands behind a word that ends there is not known.
const LAST: u64 = 3 << (LENGTH - 2);
/// Most blanks between a value and what announces it.
const MAX_BLANKS: usize = 4;

/// A word: a run of ASCII letters, digits and `_`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The first eight bytes from its beginning on, with what stands behind a short word.
    pub(super) head: u64,
    /// Whether a digit is among its bytes.
    pub(super) has_digit: bool,
}

/// A part of a text, with a bit for each byte.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct WordBlock {
    pub(super) start: usize,
    /// The end of what was read; zero if nothing was.
    pub(super) end: usize,
    pub(super) words: u64,
    /// Letters, `_`, and parts of characters that are not ASCII.
    letters: u64,
    /// Where words begin, and the bytes that belong to none and are no space.
    pub(super) places: u64,
    /// The beginnings of words that are looked at: all with a digit, all that may be announced, all
    /// short ones before a digit or a colon, those before a letter that is not ASCII, and those of
    /// which the block does not tell.
    pub(super) flagged: u64,
}

impl WordBlock {
    /// Whether it has a position of the text.
    #[inline]
    pub(super) fn has(&self, at: usize) -> bool {
        (self.start..self.end).contains(&at)
    }

    /// Reads the block that begins at a position. It ends before a word that goes on behind it.
    pub(super) fn read(text: &[u8], start: usize) -> Self {
        let rest = text.get(start..).unwrap_or_default();
        let bits = match rest.first_chunk() {
            Some(bytes) => Bits::of(bytes),
            None => {
                // Spaces are no places.
                let mut bytes = [b' '; LENGTH];
                bytes[..rest.len()].copy_from_slice(rest);
                Bits::of(&bytes)
            }
        };
        let words = bits.words;
        let behind = words << 1 | u64::from(after_word(text, start));
        let (starts, ends) = (words & !behind, behind & !words);
        // What stands before blanks with which the block begins is not looked at.
        let before = may_announce(&text[..start]) || bits.blanks & 1 != 0;
        let mut flagged = bits.announced(before);
        // Nearly no text has them.
        if bits.digits | bits.announcing | bits.non_ascii != 0 {
            let number = ends & (bits.digits >> 1);
            let sign = ends & bits.announcing;
            flagged |= number >> 1 | number >> 2 | number >> 3;
            flagged |= sign >> 1 | sign >> 2 | sign >> 3 | sign >> 4;
            flagged |= spread(bits.digits | (ends & bits.non_ascii) >> 1, words);
        }
        let last = u64::BITS - 1 - (starts | 1).leading_zeros();
        let is_cut = words & LAST != 0;
        let end = if is_cut && last > 0 {
            last as usize
        } else {
            LENGTH
        };
        Self {
            start,
            end: start + end,
            words,
            letters: (words & !bits.digits) | bits.non_ascii,
            places: starts | !(words | bits.spaces),
            flagged: flagged | u64::from(is_cut && last == 0),
        }
    }

    /// Returns the end of the last letter before a bit.
    #[inline]
    pub(super) fn letter_before(&self, bit: u32) -> Option<usize> {
        let before = self.letters & ((1 << bit) - 1);
        let last = before.checked_ilog2()?;
        Some(self.start + last as usize + 1)
    }

    /// Returns the end of the last letter.
    pub(super) fn last_letter(&self) -> Option<usize> {
        let last = self.letters.checked_ilog2()?;
        Some(self.start + last as usize + 1)
    }

    /// Returns the length of the word that begins with a bit and ends within the block.
    #[inline]
    pub(super) fn length(&self, bit: u32) -> usize {
        (!(self.words >> bit)).trailing_zeros() as usize
    }
}

/// Spreads bits from each word to its beginning.
fn spread(bits: u64, words: u64) -> u64 {
    let (mut bits, mut run) = (bits, words);
    for shift in [1, 2, 4, 8, 16, 32] {
        bits |= (bits >> shift) & run;
        run &= run >> shift;
    }
    bits
}

impl Word {
    /// Reads a word byte by byte.
    pub(super) fn read(text: &[u8], start: usize) -> Self {
        let rest = text[start..].iter().take_while(|byte| is_word(**byte));
        let word = &text[start..start + rest.count()];
        Self {
            start,
            end: start + word.len(),
            head: load(text, start),
            has_digit: word.iter().any(u8::is_ascii_digit),
        }
    }
}

/// The classes of the bytes of a block.
struct Bits {
    words: u64,
    spaces: u64,
    blanks: u64,
    digits: u64,
    announcing: u64,
    non_ascii: u64,
}

impl Bits {
    /// The loop has no branches, so that the compiler makes vectors of it.
    fn of(bytes: &[u8; LENGTH]) -> Self {
        let [mut words, mut spaces, mut others, mut digits] = [[0; LENGTH]; 4];
        for (at, byte) in bytes.iter().enumerate() {
            let is_digit = byte.wrapping_sub(b'0') < 10;
            let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
            let is_announcing = ANNOUNCING
                .iter()
                .fold(false, |any, sign| any | (byte == sign));
            words[at] = u8::from(is_letter | is_digit | (*byte == b'_'));
            spaces[at] = u8::from(*byte == b' ');
            digits[at] = u8::from(is_digit);
            others[at] = u8::from(is_announcing) | byte & 0x80 | u8::from(*byte == b'\t') << 1;
        }
        let spaces = gather(&spaces, 0);
        let mut bits = Self {
            words: gather(&words, 0),
            spaces,
            blanks: spaces,
            digits: 0,
            announcing: 0,
            non_ascii: 0,
        };
        // Most blocks have none of them.
        if is_any(&digits) {
            bits.digits = gather(&digits, 0);
        }
        if is_any(&others) {
            bits.announcing = gather(&others, 0);
            bits.blanks |= gather(&others, 1);
            bits.non_ascii = gather(&others, 7);
        }
        bits
    }

    /// Returns the places behind what may announce them: a sign, or a word and two blanks.
    /// `before` tells whether what stands before the block may.
    fn announced(&self, before: bool) -> u64 {
        let doubled = (self.words << 1 & self.blanks) << 1 & self.blanks;
        let mut announced = u64::from(before) | self.announcing << 1 | doubled << 1;
        for _ in 0..MAX_BLANKS {
            announced |= (announced & self.blanks) << 1;
        }
        announced
    }
}

/// Whether the text before a block may announce what it begins with.
fn may_announce(before: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    match before {
        [.., second, last] if is_blank(last) => !is_word(*second),
        [.., last] => ANNOUNCING.contains(last),
        [] => false,
    }
}

fn is_any(bytes: &[u8; LENGTH]) -> bool {
    let eights = bytes.as_chunks::<8>().0.iter();
    eights.fold(0, |any, eight| any | u64::from_le_bytes(*eight)) != 0
}

/// Returns a bit of each byte.
#[inline]
fn gather(bytes: &[u8; LENGTH], bit: u32) -> u64 {
    /// The lowest bit of each byte.
    const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
    /// Moves the lowest bit of the byte `n` to the bit `n` of the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let eights = bytes.as_chunks::<8>().0.iter().rev();
    eights.fold(0, |bits, eight| {
        let eight = u64::from_le_bytes(*eight) >> bit & LOWEST;
        bits << 8 | eight.wrapping_mul(GATHER) >> 56
    })
}

#[cfg(test)]
mod tests {
    use super::{ANNOUNCING, Word, WordBlock};
    use crate::text::{after_word, is_word};
    use proptest::prelude::*;

    #[test]
    fn every_byte_is_classified() {
        for byte in 0..=u8::MAX {
            let block = WordBlock::read(&[b'!', byte, b'!'], 0);
            assert_eq!(block.words == 2, is_word(byte), "{byte}");
            assert_eq!(block.places & 2 == 0, byte == b' ', "{byte}");
        }
    }

    #[test]
    fn a_word_and_two_blanks_announce_what_a_block_begins_with() {
        for start in [6, 7] {
            let block = WordBlock::read(b"Bearer \ta", start);
            let bit = 8 - start;
            assert_eq!(block.flagged >> bit & 1, 1, "{start}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn words_and_signs_are_places(
            text in "([a-zA-Z_]{0,20}[0-9]?[a-z]{0,3}[ \t@`é/:]{0,3}){0,12}|[a-z]{50,70}[0-9]?[a-z]{0,60}",
            from in 0_usize..20,
        ) {
            let text = text.as_bytes();
            let mut block = WordBlock::default();
            for at in from..text.len() {
                if !block.has(at) {
                    block = WordBlock::read(text, at);
                }
                prop_assert!(block.has(at));
                let bit = u32::try_from(at - block.start).unwrap();
                let is_place = if is_word(text[at]) { !after_word(text, at) } else { text[at] != b' ' };
                prop_assert_eq!(block.places >> bit & 1 == 1, is_place);
                if !is_place || !is_word(text[at]) {
                    continue;
                }
                let word = Word::read(text, at);
                let behind = text.get(word.end..).unwrap_or_default();
                let length = word.end - at;
                let blanks = text[..at].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
                let last = at.checked_sub(blanks + 1).map(|at| text[at]);
                let is_announced = last.is_some_and(|last| {
                    blanks <= 4 && (ANNOUNCING.contains(&last) || (blanks > 1 && is_word(last)))
                });
                let is_flagged = word.has_digit
                    || is_announced
                    || behind.first().is_some_and(|byte| !byte.is_ascii())
                    || (length <= 3 && behind.get(1).is_some_and(u8::is_ascii_digit))
                    || (length <= 4 && behind.first() == Some(&b':'));
                if is_flagged {
                    prop_assert_eq!(block.flagged >> bit & 1, 1);
                } else if block.flagged >> bit & 1 == 0 {
                    prop_assert_eq!(block.length(bit), length);
                }
            }
        }
    }
}
