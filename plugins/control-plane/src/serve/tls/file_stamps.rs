//! Detects changes of the files.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::certificate::TlsFiles;

/// The identity of both files at one time. Symbolic links are followed, so a new target is a change.
/// A new mode is a change too: the old one may have been the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileStamps([Option<Stamp>; 2]);

/// Device, inode, size, and the time of the last change of content, owner or mode (`ctime`).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp(u64, u64, u64, i64, i64);

impl FileStamps {
    pub(super) fn of(files: &TlsFiles) -> Self {
        Self([stamp(&files.certificate), stamp(&files.key)])
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp(
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ))
}
