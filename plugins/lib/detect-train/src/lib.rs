//! Trains and measures the classifier of prompt injection; `MODEL.md` describes
//! the weights. Deterministic: no threads, no clock, a generator of its own, and
//! only operations that IEEE 754 defines exactly, so that the same rows give the
//! same bytes everywhere.

mod corpus;
mod examples;
mod fit;
mod generate;
mod grammar;
mod late;
mod measure;
mod numbers;
mod plant;
mod random;
mod report;
mod train;

pub use corpus::{Row, read_rows};
pub use generate::generate;
pub use late::{Late, Terms, measure_late};
pub use measure::{Count, Measured, measure};
pub use report::report;
pub use train::{Settings, Trained, train};
