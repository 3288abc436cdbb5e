//! Finds plugins: the search path, the manifests on it, who may be trusted, and
//! which copy of a plugin wins. No library is opened here.

#![forbid(unsafe_code)]

mod catalog;
mod index;
mod parse;
mod registry;
mod search;
mod trust;

pub(crate) use catalog::{Catalog, CatalogEntry};
pub(crate) use index::{FileIdentity, write_by_rename};
pub(crate) use parse::place;
pub(crate) use registry::{Found, Registry, State};
pub(crate) use search::{SearchDir, Tier, search_path};
pub(crate) use trust::check_file as check_trust;
