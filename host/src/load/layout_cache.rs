//! Caches which libraries passed the comparison of their layout description, which
//! takes half a millisecond, by the identity of the file.

#![forbid(unsafe_code)]

use super::library::MappedLibrary;
use crate::atomic_file;
use crate::discovery::FileIdentity;
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// The maximum number of entries; the oldest are removed first.
const MAX_ENTRIES: usize = 64;

/// Compares the layout description, unless this file passed before.
///
/// # Errors
/// The differences; a failed comparison is not cached.
pub(super) fn check(mapped: &MappedLibrary, meta: &Metadata, cache: &Path) -> Result<(), String> {
    let file = cache.join(concat!("layouts-", env!("CARGO_PKG_VERSION"), ".json"));
    let mut passed: Vec<FileIdentity> = atomic_file::read_private(&file)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let identity = FileIdentity::of(meta);
    if passed.contains(&identity) {
        return Ok(());
    }
    mapped.check_layout()?;
    passed.push(identity);
    let excess = passed.len().saturating_sub(MAX_ENTRIES);
    passed.drain(..excess);
    // A failure only costs the comparison at the next start.
    drop(write(&file, cache, &passed));
    Ok(())
}

fn write(file: &Path, cache: &Path, passed: &[FileIdentity]) -> io::Result<()> {
    atomic_file::create_private_dir(cache)?;
    atomic_file::replace(file, &serde_json::to_vec(passed)?)
}
