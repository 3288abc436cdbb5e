//! From text to a checked [`Document`](crate::Document).

pub(crate) mod field;
pub(crate) mod files;
mod gateway;
mod layer;
pub(crate) mod node;
mod pack;
mod policies;
mod providers;
pub(crate) mod scalar;
mod source;
mod target;
pub(crate) mod url;
mod warn;
mod yaml;

pub(crate) use source::read_layers;
pub use source::{Source, parse};
pub use yaml::{MAX_ALIASES, MAX_DEPTH, MAX_NODES, MAX_SOURCE_BYTES};
