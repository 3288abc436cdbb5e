//! Caches hashes by the identity of the file, because hashing a library takes
//! milliseconds at each start.

use super::sha256::sha256_of;
use crate::cache_file;
use crate::discovery::FileIdentity;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The maximum number of entries; the oldest are removed first.
const MAX_ENTRIES: usize = 128;

#[derive(Clone, Serialize, Deserialize)]
struct CachedHash {
    identity: FileIdentity,
    hash: String,
}

/// The cache.
pub(super) struct HashCache {
    file: PathBuf,
    entries: Vec<CachedHash>,
    changed: bool,
}

impl HashCache {
    /// Opens the cache in `dir`; a file that cannot be trusted or read counts as empty.
    pub(super) fn open(dir: &Path) -> Self {
        let file = dir.join(concat!("hashes-", env!("CARGO_PKG_VERSION"), ".json"));
        let entries = cache_file::read(&file);
        Self {
            file,
            entries,
            changed: false,
        }
    }

    /// Returns the hash of an open file.
    ///
    /// # Errors
    /// When reading the file fails.
    pub(super) fn hash(&mut self, file: &File) -> io::Result<String> {
        let before = file.metadata()?;
        let identity = FileIdentity::of(&before);
        if let Some(cached) = self.entries.iter().find(|e| e.identity == identity) {
            return Ok(cached.hash.clone());
        }
        let hash = sha256_of(file)?;
        let unchanged = FileIdentity::of(&file.metadata()?) == identity;
        if unchanged && identity.is_settled() {
            let excess = (self.entries.len() + 1).saturating_sub(MAX_ENTRIES);
            self.entries.drain(..excess);
            self.entries.push(CachedHash {
                identity,
                hash: hash.clone(),
            });
            self.changed = true;
        }
        Ok(hash)
    }

    /// Writes the cache if it changed. A failure only costs time.
    pub(super) fn save(&self) {
        if self.changed {
            cache_file::write(&self.file, &self.entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HashCache;
    use std::fs::{self, File, FileTimes};
    use std::time::{Duration, SystemTime};

    /// The change time cannot be set, so a file that was just written is never cached.
    #[test]
    fn a_recent_file_is_not_cached_and_an_entry_needs_the_same_identity() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, b"one").unwrap();
        let old = SystemTime::now() - Duration::from_secs(3600);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_times(FileTimes::new().set_modified(old)).unwrap();
        let mut cache = HashCache::open(dir.path());
        let first = cache.hash(&File::open(&path).unwrap()).unwrap();
        assert!(cache.entries.is_empty());
        fs::write(&path, b"two").unwrap();
        let second = cache.hash(&File::open(&path).unwrap()).unwrap();
        assert_ne!(first, second);
    }
}
