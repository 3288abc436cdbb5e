//! From YAML to a tree with the location of every value, and typed access to it. Every getter
//! reports problems instead of stopping at the first.

mod diagnostics;
mod field;
mod layer;
mod mapping;
mod millis;
mod node;
mod pattern;
mod string_enum;
mod url;
mod yaml;

pub(crate) use diagnostics::{Diagnostics, truncate};
pub(crate) use field::{Field, LengthRange};
pub(crate) use layer::{merge, reject_duplicates};
pub(crate) use mapping::{Keys, Mapping};
pub use millis::Millis;
pub(crate) use node::{Node, NodeKind};
pub use pattern::MAX_GAP_BYTES;
pub(crate) use pattern::parse_pattern;
pub(crate) use string_enum::{StringEnum, string_enum};
pub use url::{InvalidUrl, validate_base_url};
pub(crate) use url::{UrlParts, port_of, split_url};
pub use yaml::{MAX_ALIASES, MAX_DEPTH, MAX_NODES};
pub(crate) use yaml::{YamlError, parse_yaml};
