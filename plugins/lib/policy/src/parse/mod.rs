//! From sources to a validated [`Document`](crate::Document).

mod aliases;
mod document;
mod pack;
mod policies;
mod providers;
mod schema;
mod target;
pub(crate) mod url;
mod warnings;

pub use document::parse;
pub(crate) use document::parse_layers;
pub use schema::json_schema;
pub use url::{InvalidUrl, validate_base_url};
