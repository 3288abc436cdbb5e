//! JSON schemas of the wire types, with their bounds.

mod bounds;
mod generate;

pub(super) use bounds::{NAME_PATTERN, id_pattern};
pub(super) use generate::{Schemas, page_schema, schema};
