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
mod signs;
mod turned;

pub use blank::without_encoded;
pub use readings::{Decoding, readings};
