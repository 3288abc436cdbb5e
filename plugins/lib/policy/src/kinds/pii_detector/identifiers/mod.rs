//! Identifiers that an authority, a registry or a maker issues: one table, a row for each kind.
//!
//! A row has the forms in which the identifier is written, its check digits, and the words that
//! announce it. A new kind is a row of the table of its region, and an example in the tests.

mod africa_oceania;
mod americas;
mod asia;
mod central_europe;
mod checksum;
mod crypto;
mod date;
mod devices;
mod eastern_europe;
mod form;
mod head;
mod identifier;
mod index;
mod northern_europe;
mod southern_europe;
mod table;
mod western_europe;

pub(super) use form::{Boundary, Read, is_joined_left};
pub(super) use identifier::{Identifier, Reader};
pub(super) use index::{Candidates, IdentifierIndex, IndexedForm};
pub(super) use table::identifiers;
