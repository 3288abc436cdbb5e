//! A cache of parsed manifests in one file. It is only ever a shortcut: an
//! entry counts while path, inode, modification time and size are the same, a
//! damaged file is rebuilt, and a cache that cannot be written is done without.

use kt_plugin_api::manifest::Manifest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Identity of a file's content for as long as nobody writes it. The change
/// time is in it because some file systems pin modification times.
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
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    identity: FileIdentity,
    manifest: Manifest,
}

/// The cache.
pub(crate) struct Index {
    file: PathBuf,
    entries: BTreeMap<PathBuf, Entry>,
    changed: bool,
}

impl Index {
    /// Opens the cache in `dir`; anything unreadable counts as empty. The
    /// file's name carries the version, since the format is kt's own.
    pub(crate) fn open(dir: &Path) -> Self {
        let file = dir.join(concat!("plugins-", env!("CARGO_PKG_VERSION"), ".json"));
        let entries = std::fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            file,
            entries,
            changed: false,
        }
    }

    /// The manifest at `path`, if its file is still the one that was parsed.
    pub(crate) fn get(&self, path: &Path, meta: &Metadata) -> Option<Manifest> {
        let entry = self.entries.get(path)?;
        (entry.identity == FileIdentity::of(meta)).then(|| entry.manifest.clone())
    }

    /// Remembers a parsed manifest.
    pub(crate) fn put(&mut self, path: &Path, meta: &Metadata, manifest: &Manifest) {
        let entry = Entry {
            identity: FileIdentity::of(meta),
            manifest: manifest.clone(),
        };
        self.entries.insert(path.to_owned(), entry);
        self.changed = true;
    }

    /// Writes the cache if it changed, by rename, so that readers see an old or
    /// a new one.
    pub(crate) fn save(&self) {
        if self.changed {
            write_by_rename(&self.file, &self.entries);
        }
    }
}

/// Writes JSON beside `file` and renames it; failures only cost the cache.
pub(crate) fn write_by_rename(file: &Path, value: &impl Serialize) {
    let Ok(json) = serde_json::to_vec(value) else {
        return;
    };
    let Some(dir) = file.parent() else { return };
    let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&temporary, json))
        .and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        drop(std::fs::remove_file(&temporary));
    }
}
