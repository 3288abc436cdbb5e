//! Texts as the detectors read them: folded to plain characters, with the way
//! back to the original bytes.

mod buffer;
mod character;
mod word_byte;

pub(crate) use buffer::FoldBuffer;
pub(crate) use character::character;
pub(crate) use word_byte::{after_word, is_word};
