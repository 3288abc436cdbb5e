//! Finds plugins: the search path, the manifests, the trust check, and which copy
//! of a plugin has precedence. No library is opened here.

#![forbid(unsafe_code)]

mod api_requirement;
mod binary;
mod catalog;
mod details;
mod file_identity;
mod groups;
mod index;
mod index_checksum;
mod manifest;
mod manifest_encoding;
mod plugin;
mod plugin_manifest;
mod precedence;
mod quarantine;
mod registry;
mod search;
mod settings;
mod tier;
mod trust;

pub(crate) use catalog::{Catalog, CatalogEntry};
pub(crate) use file_identity::FileIdentity;
pub(crate) use groups::groups;
pub(crate) use plugin::{DiscoveredPlugin, MANIFEST, PluginState, RecordPaths};
pub(crate) use plugin_manifest::{CommandRoot, CommandSummary, PluginManifest};
pub(crate) use quarantine::{crash_line, record_crash, record_success, set_enabled};
pub(crate) use registry::{Registry, ScanOptions, parse_manifest, read_plugin};
pub(crate) use search::{PluginSource, SearchDir, SearchScope, search_path};
pub(crate) use tier::PluginTier;
pub(crate) use trust::check_trust;
