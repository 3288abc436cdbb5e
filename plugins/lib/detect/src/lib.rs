//! What texts hold, whatever the policy: characters folded to what a reader
//! sees, the tokens of a text, its decoded readings, and the score of prompt
//! injection. Every offset leads back to the original bytes. No I/O; the cost
//! is linear in the text.

mod alphabet;
mod classifier;
mod fold;
mod injection;
mod letters;
mod reading;
mod token;

pub use alphabet::{is_alphanumeric, is_lower};
pub use classifier::{
    BITS, FEATURES, LONG, Model, SHORT, Scores, Thresholds, features, normalizer,
};
pub use fold::{Folded, Piece, REACH, fold, fold_of, fold_words, hidden_tag, look_alike};
pub use injection::{
    Examination, NearestWindow, PlainText, ReadingOptions, examine_injection,
    injection_probability, injection_scores, nearest_window,
};
pub use letters::load;
pub use reading::{Decoding, hidden_texts, readings, without_encoded};
pub use token::{Token, tokens};
