//! Remembers, by file identity, that a library's layout description was
//! compared: the comparison costs half a millisecond and is made once.

#![forbid(unsafe_code)]

use super::library::Mapped;
use crate::discovery::{FileIdentity, write_by_rename};
use std::fs::Metadata;
use std::path::Path;

/// Verdicts kept; the oldest go first.
const KEPT: usize = 64;

/// Compares the layout description unless this very file passed before.
///
/// # Errors
/// The differences; they are not remembered.
pub(crate) fn layout(mapped: &Mapped, meta: &Metadata, cache: &Path) -> Result<(), String> {
    let file = cache.join(concat!("layouts-", env!("CARGO_PKG_VERSION"), ".json"));
    let mut passed: Vec<FileIdentity> = std::fs::read(&file)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let identity = FileIdentity::of(meta);
    if passed.contains(&identity) {
        return Ok(());
    }
    mapped.check_layout()?;
    passed.push(identity);
    let excess = passed.len().saturating_sub(KEPT);
    passed.drain(..excess);
    write_by_rename(&file, &passed);
    Ok(())
}
