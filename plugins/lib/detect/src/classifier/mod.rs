//! The classifier of prompt injection: a linear model over hashed n-grams of
//! tokens, in windows.

mod feature;
mod model;
mod nearest;
mod window;

pub use feature::{BITS, FEATURES, features, normalizer};
pub use model::{Model, Scores, Thresholds};
pub use window::{LONG, SHORT};
