//! Caches which libraries passed the comparison of their layout description, which
//! takes half a millisecond, by the identity of the file.

#![forbid(unsafe_code)]

use super::library::MappedLibrary;
use crate::cache_file;
use crate::discovery::FileIdentity;
use std::fs::Metadata;
use std::path::Path;

/// The maximum number of entries; the oldest are removed first.
const MAX_ENTRIES: usize = 64;

/// Compares the layout description, unless this file passed before.
///
/// # Errors
/// The differences; a failed comparison is not cached.
pub(super) fn check(mapped: &MappedLibrary, meta: &Metadata, cache: &Path) -> Result<(), String> {
    let file = cache.join(concat!("layouts-", env!("CARGO_PKG_VERSION"), ".json"));
    let mut passed: Vec<FileIdentity> = cache_file::read(&file);
    let identity = FileIdentity::of(meta);
    if passed.contains(&identity) {
        return Ok(());
    }
    mapped.check_layout()?;
    passed.push(identity);
    let excess = passed.len().saturating_sub(MAX_ENTRIES);
    passed.drain(..excess);
    cache_file::write(&file, &passed);
    Ok(())
}
