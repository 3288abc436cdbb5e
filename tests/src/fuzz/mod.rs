//! Fuzz targets, and a fuzzer without coverage feedback that runs them on stable.

mod campaign;
mod canonical_json;
mod elf;
mod manifest;
mod mutator;
mod policy;
mod random;
mod seeds;
mod sse;
mod target;
mod token;

pub use campaign::run;
pub use target::{TARGETS, Target};
