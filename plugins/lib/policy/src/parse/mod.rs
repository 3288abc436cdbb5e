//! From sources to a validated [`Document`](crate::Document).

mod aliases;
pub(crate) mod diagnostics;
mod document;
pub(crate) mod field;
mod gateway;
mod layer;
pub(crate) mod mapping;
pub(crate) mod node;
mod pack;
pub(crate) mod pattern;
mod policies;
mod providers;
mod target;
mod timeouts;
pub(crate) mod url;
mod warnings;
mod yaml;

pub use document::parse;
pub(crate) use document::parse_layers;
pub use url::{InvalidUrl, validate_base_url};
pub use yaml::{MAX_ALIASES, MAX_DEPTH, MAX_NODES};
