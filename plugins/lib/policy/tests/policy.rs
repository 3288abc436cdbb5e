//! One test binary for the crate; one module per area.

#[path = "policy/compile.rs"]
mod compile;
#[path = "policy/corpus.rs"]
mod corpus;
#[path = "policy/difference.rs"]
mod difference;
#[path = "policy/document.rs"]
mod document;
#[path = "policy/problems.rs"]
mod problems;
#[path = "policy/sample.rs"]
mod sample;
#[path = "policy/stream.rs"]
mod stream;
