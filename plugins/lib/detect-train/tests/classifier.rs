//! One test binary for the crate.

#[path = "classifier/recall.rs"]
mod recall;
#[path = "classifier/reproducible.rs"]
mod reproducible;
