//! Folding of characters to what a reader sees, with a map back.
//!
//! One character becomes zero or more plain ones: compatibility forms (NFKC,
//! UAX #15) are replaced, invisible characters (`Default_Ignorable_Code_Point`)
//! and Latin combining marks are removed, and spaces, dashes, quotation marks
//! and decimal digits of every script become the ASCII ones. In words that mix
//! Latin with another script, letters that look Latin (UTS #39) become Latin.
//! The case of letters stays. ASCII is its own fold and is borrowed.

mod confusable;
#[cfg(test)]
mod generate;
mod map;
mod table;
mod text;
#[cfg(test)]
mod text_tests;

pub use confusable::look_alike;
pub use table::{fold_of, hidden_tag};
pub use text::{Folded, Piece, REACH, fold, fold_words};
