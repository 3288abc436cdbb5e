//! The modules of a crate import one another in one direction: the graph of
//! imports is built from the source text, and no level of it has a cycle.

mod check;
mod cycles;
mod graph;
mod parse;
mod resolve;
mod tokens;
mod tree;

pub(super) use tree::modules_of;
