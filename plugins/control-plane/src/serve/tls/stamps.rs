//! By what a change of the files is noticed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::TlsFiles;

/// What two files were at a moment. A link is followed, so one that leads elsewhere is a change,
/// and so is another mode: it may have been what was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 2]);

/// Device, inode, size, and the time of the last change of content, owner or mode.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp(u64, u64, u64, i64, i64);

impl Stamps {
    pub(super) fn of(files: &TlsFiles) -> Self {
        Self([stamp(&files.certificate), stamp(&files.key)])
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let facts = fs::metadata(path).ok()?;
    Some(Stamp(
        facts.dev(),
        facts.ino(),
        facts.size(),
        facts.ctime(),
        facts.ctime_nsec(),
    ))
}
