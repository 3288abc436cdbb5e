//! The OpenAPI 3.1 document, generated from the operations and the wire types.

mod document;
mod errors;
mod parameters;

pub(super) use document::document;
