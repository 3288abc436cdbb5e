//! JSON as its bytes: the texts in a document with their place, and edits that
//! leave every other byte as it is.
//!
//! A value that is parsed and written again loses what the parser does not
//! keep: digits of long numbers, the form of escapes, the order of equal keys.
//! So a document is only read here, and changed by splicing.

mod decode;
mod edit;
mod grammar;
mod members;
mod parts;
mod scalars;

pub use edit::{Edit, apply_edits};
pub use grammar::{JsonError, MAX_DEPTH};
pub use members::{Member, find_members, items, members};
pub use scalars::is_number;

pub(crate) use decode::{OffsetMap, escape, escape_sequence, unescape};
pub(crate) use parts::{DocumentPart, each_part};
pub(crate) use scalars::{Scalar, ScalarKind, Segment, each_scalar, each_scalar_except};
