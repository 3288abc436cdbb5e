//! A cache of parsed manifests in one file. An entry is valid while path, inode,
//! modification time and size are unchanged. A damaged file is rebuilt, and a
//! failure to write it is ignored.

use super::manifest::ParsedManifest;
use crate::cache_file;
use kt_plugin_api::abi;
use kt_plugin_api::manifest::Manifest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Identifies the content of a file, until the file is written. It includes the
/// change time, because some file systems have constant modification times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileIdentity {
    dev: u64,
    ino: u64,
    size: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
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

    /// Returns the time since the last change of the file, by its change time, which
    /// cannot be set.
    pub(crate) fn age_seconds(&self) -> i64 {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(now.as_secs())
            .unwrap_or(i64::MAX)
            .saturating_sub(self.ctime.0)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    identity: FileIdentity,
    manifest: Manifest,
    #[serde(default)]
    notes: Vec<String>,
}

/// The cache.
pub(crate) struct Index {
    file: PathBuf,
    entries: BTreeMap<PathBuf, Entry>,
    changed: bool,
}

impl Index {
    /// Opens the cache in `dir`; a file that cannot be read counts as empty. Its
    /// name contains the versions of kt and of the plugin API, because the format and
    /// the known keys may differ.
    pub(crate) fn open(dir: &Path) -> Self {
        let kt = env!("CARGO_PKG_VERSION");
        let (major, minor) = (abi::ABI_MAJOR, abi::ABI_MINOR);
        let file = dir.join(format!("plugins-{kt}-{major}.{minor}.json"));
        let entries = cache_file::read(&file);
        Self {
            file,
            entries,
            changed: false,
        }
    }

    /// Returns the manifest at `path`, if the file is unchanged since it was parsed.
    pub(crate) fn get(&self, path: &Path, meta: &Metadata) -> Option<ParsedManifest> {
        let entry = self.entries.get(path)?;
        (entry.identity == FileIdentity::of(meta)).then(|| ParsedManifest {
            manifest: entry.manifest.clone(),
            notes: entry.notes.clone(),
        })
    }

    /// Adds a parsed manifest.
    pub(crate) fn insert(&mut self, path: &Path, meta: &Metadata, parsed: &ParsedManifest) {
        let entry = Entry {
            identity: FileIdentity::of(meta),
            manifest: parsed.manifest.clone(),
            notes: parsed.notes.clone(),
        };
        self.entries.insert(path.to_owned(), entry);
        self.changed = true;
    }

    /// Writes the cache if it changed. A failure only costs time.
    pub(crate) fn save(&self) {
        if self.changed {
            cache_file::write(&self.file, &self.entries);
        }
    }
}
