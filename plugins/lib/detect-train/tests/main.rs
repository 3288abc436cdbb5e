//! One test binary for the crate.

mod late;
mod recall;
mod reproducible;
