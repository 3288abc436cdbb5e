//! What a text says once it is decoded.

mod alphabets;
mod base64;
mod blank;
mod bytes;
mod case;
mod escape;
mod lines;
mod numbers;
mod readings;
#[cfg(test)]
mod readings_tests;
mod segmentation;
mod signs;
mod turned;

pub use blank::without_encoded;
pub use readings::{Decoding, hidden_texts, readings};
pub(crate) use turned::turn;
