//! The texts that a document is read from, and locations in them.

mod location;
mod source_map;
mod text;

pub use location::SourceLocation;
pub(crate) use source_map::SourceMap;
pub use text::{MAX_SOURCE_BYTES, Source};
