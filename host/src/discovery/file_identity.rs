//! Whether a file is unchanged.

use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A file that changed this recently may change again without a new time stamp, so nothing is
/// remembered about its content; the resolution of time stamps is at most two seconds.
const MIN_AGE_SECONDS: i64 = 3;

/// Identifies the content of a file, until the file is written. It includes the
/// change time, because some file systems have constant modification times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileIdentity {
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) size: u64,
    pub(super) mtime: (i64, i64),
    pub(super) ctime: (i64, i64),
}

impl FileIdentity {
    pub(crate) fn of(meta: &Metadata) -> Self {
        Self {
            dev: meta.dev(),
            ino: meta.ino(),
            size: meta.size(),
            mtime: (meta.mtime(), meta.mtime_nsec()),
            ctime: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Returns whether a later change of the file would give it another identity: by its
    /// change time, which cannot be set, it is old enough.
    pub(crate) fn is_settled(&self) -> bool {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        now.saturating_sub(self.ctime.0) >= MIN_AGE_SECONDS
    }
}
