//! The modules of a crate import one another in one direction: a graph of
//! modules is read from the source text, and no level of it may have a cycle.

mod check;
mod cycles;
mod graph;
mod parse;
mod resolve;
mod tokens;
mod tree;

pub(super) use tree::modules_of;
