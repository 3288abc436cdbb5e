//! What a text says once it is decoded.

mod base64;
mod blank;
mod case;
mod escape;
mod readings;
#[cfg(test)]
mod readings_tests;
mod turned;

pub use blank::without_encoded;
pub use readings::{Decoding, readings};
