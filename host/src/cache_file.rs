//! A file of the cache directory, in JSON. It only saves time: one that is missing,
//! damaged, or could be written by another user counts as empty, and a failure to write it
//! is ignored.

#![forbid(unsafe_code)]

use crate::atomic_file;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::Path;

/// Returns the content of a file.
pub(crate) fn read<T: DeserializeOwned + Default>(file: &Path) -> T {
    atomic_file::read_private(file)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Replaces the content of a file.
pub(crate) fn write(file: &Path, content: &impl Serialize) {
    drop(try_write(file, content));
}

fn try_write(file: &Path, content: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(content)?;
    if let Some(dir) = file.parent() {
        atomic_file::create_private_dir(dir)?;
    }
    atomic_file::replace(file, &json)
}
