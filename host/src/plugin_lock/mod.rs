//! The lock file `plugins.lock`: the hashes of the installed plugins. A plugin whose
//! files differ from it is not loaded.

#![forbid(unsafe_code)]

mod check;
mod file;
mod hash_cache;
mod sha256;
mod transaction;

pub(crate) use check::{PluginHashes, check_at_load, current_hashes, inspect};
pub(crate) use file::{LockEntry, PluginLock};
pub(crate) use sha256::sha256_of;
pub(crate) use transaction::LockTransaction;
