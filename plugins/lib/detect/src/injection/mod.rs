//! Prompt injection: the trained weights over all readings of a text.

mod examine;
#[cfg(test)]
mod examine_tests;
mod nearest;
mod options;
mod words;

pub use examine::{Examination, examine_injection, injection_probability, injection_scores};
pub use nearest::{NearestWindow, nearest_window};
pub use options::ReadingOptions;
pub use words::PlainText;
