//! Texts as the detectors read them: folded to plain characters, with the way
//! back to the original bytes.

mod buffer;
mod fold;

pub(crate) use buffer::FoldBuffer;
pub(crate) use fold::fold;
