//! From sources to a validated [`Document`](crate::Document).

mod aliases;
mod document;
mod pack;
mod policies;
mod providers;
mod schema;
mod target;
mod warnings;

pub use document::parse;
pub(crate) use document::parse_layers;
pub use schema::json_schema;
