//! How texts are read.

use std::borrow::Cow;

use crate::fold::{fold, fold_of};
use crate::reading::Decoding;

/// What is read besides the characters as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingOptions {
    /// Base64, hexadecimal digits, percent encoding, entities and escapes are
    /// decoded.
    pub decode: bool,
    /// Characters are folded; rotated and reversed texts and tags are read.
    pub fold: bool,
    /// Letters of other scripts that look Latin are Latin in Latin words.
    pub look_alikes: bool,
}

impl ReadingOptions {
    /// Everything.
    pub const ALL: Self = Self {
        decode: true,
        fold: true,
        look_alikes: true,
    };

    pub(super) fn decoding(self) -> Decoding {
        Decoding {
            encoded: self.decode,
            turned: self.fold,
        }
    }

    /// The characters of a text as they are read.
    pub(super) fn characters(self, text: &str) -> Cow<'_, str> {
        if !self.fold || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        if self.look_alikes {
            return fold(text).text;
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match fold_of(c) {
                Some(folded) => out.push_str(folded),
                None => out.push(c),
            }
        }
        Cow::Owned(out)
    }
}
