//! One token.

use std::ops::Range;

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Hash of the word without regard to case and to the order of the letters
    /// behind the first.
    pub word: u32,
    /// The same of its first five letters.
    pub stem: u32,
    start: u32,
    end: u32,
    /// The letter in lower case, if it is a single one; else 0.
    pub(super) letter: u32,
    /// Its letters were written apart.
    pub(super) joined: bool,
    /// It is a run of signs.
    pub(super) sign: bool,
    /// Its pair with the token before stood less than a window ago: tables and
    /// markup repeat themselves, and say nothing new.
    pub repeated: bool,
}

impl Token {
    pub(super) fn new(word: u32, stem: u32, range: Range<usize>) -> Self {
        // No text has 4 GiB.
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            word,
            stem,
            start: offset(range.start),
            end: offset(range.end),
            letter: 0,
            joined: false,
            sign: false,
            repeated: false,
        }
    }

    /// Returns where the token stands in the folded text.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns whether it is a run of signs.
    #[must_use]
    pub fn is_sign(&self) -> bool {
        self.sign
    }

    pub(super) fn range_start(&self) -> usize {
        self.start as usize
    }
}
