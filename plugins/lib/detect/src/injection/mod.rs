//! Prompt injection: the trained weights over all readings of a text.

mod examine;
#[cfg(test)]
mod examine_tests;
mod options;
mod words;

pub use examine::{injection_probability, injection_scores};
pub use options::ReadingOptions;
pub use words::{PlainText, plain_texts};
