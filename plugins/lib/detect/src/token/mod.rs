//! The token stream: what rules and the classifier read instead of characters.

mod class;
mod hash;
mod model;
mod spaced;
mod stream;
#[cfg(test)]
mod stream_tests;
mod word;

pub(crate) use class::unleet;
pub(crate) use hash::{bucket, pair};
pub use model::Token;
pub use stream::tokens;
