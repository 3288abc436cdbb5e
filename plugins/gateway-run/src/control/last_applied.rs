//! The last applied configuration on disk.
//!
//! Written to a temporary file, synced, renamed over the old one, and the
//! directory synced; the previous one is last_applied. It holds the configuration that was
//! last *applied*, never one that was only fetched, and references to secrets,
//! never secrets.

use kt_control_api::PrivateTempFile;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

const FILE: &str = "last-applied.json";
const PREVIOUS: &str = "last-applied.prev";

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredConfig {
    /// The id of the gateway.
    pub(crate) gateway: String,
    /// The name of the gateway, for a start while the control plane is unreachable.
    pub(crate) name: String,
    /// The version number.
    pub(crate) version: Option<u64>,
    /// The hash of the canonical form.
    pub(crate) sha256: String,
    /// The name of the source, for messages.
    pub(crate) source: String,
    /// The configuration, verbatim.
    pub(crate) content: String,
    /// The SHA-256 checksum of the fields above.
    pub(crate) checksum: String,
}

impl StoredConfig {
    fn compute_checksum(&self) -> String {
        let Self {
            gateway,
            name,
            version,
            sha256,
            source,
            content,
            checksum: _,
        } = self;
        let text = format!("{gateway}\n{name}\n{version:?}\n{sha256}\n{source}\n{content}");
        hex(&Sha256::digest(text.as_bytes()))
    }

    fn is_intact(&self) -> bool {
        self.checksum == self.compute_checksum()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The identity of a file's content: it changes with every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    ino: u64,
    size: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
}

/// The file of one gateway.
pub(crate) struct LastApplied {
    dir: PathBuf,
    /// The file as this process wrote or verified it.
    fingerprint: Option<Fingerprint>,
}

/// How another process modified the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tampering {
    /// It was removed.
    Missing,
    /// It cannot be parsed, or does not match its checksum; the hash of its bytes.
    Damaged([u8; 32]),
    /// It is another intact configuration, with this hash.
    Replaced(String),
}

impl LastApplied {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            fingerprint: None,
        }
    }

    fn file(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// Stores a configuration.
    ///
    /// # Errors
    /// When it cannot be written; the old one then remains intact.
    pub(crate) fn write(&mut self, mut stored: StoredConfig) -> std::io::Result<()> {
        stored.checksum = stored.compute_checksum();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)?;
        let file = self.file();
        let json = serde_json::to_vec_pretty(&stored)?;
        let temporary = PrivateTempFile::beside(&file)?;
        temporary.open()?.write_all(&json)?;
        if file.exists() {
            let previous = self.dir.join(PREVIOUS);
            drop(std::fs::remove_file(&previous));
            // Without hard links in the file system there is no previous copy.
            drop(std::fs::hard_link(&file, previous));
        }
        temporary.persist(&file)?;
        self.fingerprint = fingerprint(&file);
        Ok(())
    }

    /// Reads the newest intact configuration: the file, or the previous one.
    pub(crate) fn read(&mut self) -> Option<StoredConfig> {
        let file = self.file();
        let stored = [file.clone(), self.dir.join(PREVIOUS)]
            .iter()
            .find_map(|path| read(path).filter(StoredConfig::is_intact));
        self.fingerprint = fingerprint(&file);
        stored
    }

    /// Checks whether another process has modified the file. `serving` is the hash
    /// of the active configuration.
    pub(crate) fn tampering(&mut self, serving: &str) -> Option<Tampering> {
        let file = self.file();
        let Some(current) = fingerprint(&file) else {
            return self.fingerprint.map(|_| Tampering::Missing);
        };
        if Some(current) == self.fingerprint {
            return None;
        }
        match read(&file) {
            Some(stored) if stored.is_intact() && stored.sha256 == serving => {
                self.fingerprint = Some(current);
                None
            }
            Some(stored) if stored.is_intact() => Some(Tampering::Replaced(stored.sha256)),
            _ => {
                let bytes = std::fs::read(&file).unwrap_or_default();
                Some(Tampering::Damaged(Sha256::digest(&bytes).into()))
            }
        }
    }
}

/// Finds the stored configuration of a gateway by its name or id.
pub(crate) fn find_by_name(root: &Path, name: &str) -> Option<StoredConfig> {
    let directories = std::fs::read_dir(root).ok()?;
    directories
        .filter_map(Result::ok)
        .filter_map(|entry| LastApplied::new(entry.path()).read())
        .find(|stored| stored.name == name || stored.gateway == name)
}

fn read(path: &Path) -> Option<StoredConfig> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn fingerprint(path: &Path) -> Option<Fingerprint> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Fingerprint {
        ino: metadata.ino(),
        size: metadata.size(),
        mtime: (metadata.mtime(), metadata.mtime_nsec()),
        ctime: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::{LastApplied, StoredConfig, Tampering};

    fn stored(content: &str, sha256: &str) -> StoredConfig {
        StoredConfig {
            gateway: "gw_x".to_owned(),
            name: "x".to_owned(),
            version: Some(1),
            sha256: sha256.to_owned(),
            source: "f".to_owned(),
            content: content.to_owned(),
            checksum: String::new(),
        }
    }

    #[test]
    fn a_truncated_file_falls_back_to_the_previous_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut last_applied = LastApplied::new(dir.path().join("gw"));
        assert!(last_applied.read().is_none());
        last_applied.write(stored("one", "1")).unwrap();
        last_applied.write(stored("two", "2")).unwrap();
        assert_eq!(last_applied.read().unwrap().content, "two");
        let file = dir.path().join("gw/last-applied.json");
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(last_applied.read().unwrap().content, "one");
    }

    #[test]
    fn modifications_by_others_are_tampering() {
        let dir = tempfile::tempdir().unwrap();
        let mut last_applied = LastApplied::new(dir.path().to_owned());
        last_applied.write(stored("one", "1")).unwrap();
        assert_eq!(last_applied.tampering("1"), None);
        let file = dir.path().join("last-applied.json");
        let text = std::fs::read_to_string(&file)
            .unwrap()
            .replace("one", "evil");
        std::fs::write(&file, text).unwrap();
        assert!(matches!(
            last_applied.tampering("1"),
            Some(Tampering::Damaged(_))
        ));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(last_applied.tampering("1"), Some(Tampering::Missing));
        LastApplied::new(dir.path().to_owned())
            .write(stored("evil", "9"))
            .unwrap();
        assert_eq!(
            last_applied.tampering("1"),
            Some(Tampering::Replaced("9".to_owned()))
        );
    }
}
