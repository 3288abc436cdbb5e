//! `-o jsonpath=PATH` and `-o custom-columns=SPEC`: parts of the value of a result.
//!
//! The paths are a subset of JSONPath (RFC 9535), with the filters of kubectl: one comparison. Its
//! libraries are larger than all of this: a parser generator and a regular expression engine each.

#![forbid(unsafe_code)]

mod columns;
mod comparison;
mod expression;
mod path;

pub(crate) use expression::{FORMATS, Selection};
