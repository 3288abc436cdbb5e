//! Finds plugins: the search path, the manifests, the trust check, and which copy
//! of a plugin has precedence. No library is opened here.

#![forbid(unsafe_code)]

mod catalog;
mod groups;
mod index;
mod manifest;
mod registry;
mod search;
mod trust;

pub(crate) use catalog::{Catalog, CatalogEntry};
pub(crate) use groups::groups;
pub(crate) use index::FileIdentity;
pub(crate) use registry::{DiscoveredPlugin, PluginState, Registry};
pub(crate) use search::{PluginSource, SearchDir, search_path};
pub(crate) use trust::check_trust;
