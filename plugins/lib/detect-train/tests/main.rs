//! One test binary for the crate.

mod recall;
mod reproducible;
