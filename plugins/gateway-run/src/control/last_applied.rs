//! The last applied configuration on disk.
//!
//! Written to a new file, synced, renamed over the old one, and the folder
//! synced; the one before is kept. It holds what was last *applied*, never what
//! was only fetched, and references to secrets, never secrets.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const FILE: &str = "last-applied.json";

/// What is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// Gateway id.
    pub(crate) gateway: String,
    /// Gateway name, for a start while the control plane is away.
    pub(crate) name: String,
    /// Number of the version.
    pub(crate) version: Option<u64>,
    /// Hash of its canonical form.
    pub(crate) sha256: String,
    /// Name of the source, for messages.
    pub(crate) source: String,
    /// The configuration, verbatim.
    pub(crate) content: String,
    /// SHA-256 over everything above.
    pub(crate) checksum: String,
}

impl Stored {
    fn sum(&self) -> String {
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

    fn is_whole(&self) -> bool {
        self.checksum == self.sum()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// How a file looked: it changes with every write by anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    ino: u64,
    size: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
}

/// The file of one gateway.
pub(crate) struct LastApplied {
    dir: PathBuf,
    look: Option<Look>,
}

/// What was found of a file that somebody else wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tampering {
    /// It is gone.
    Missing,
    /// Its bytes make no sense, or do not fit their checksum; their hash.
    Damaged([u8; 32]),
    /// It is another whole configuration, with this hash.
    Other(String),
}

impl LastApplied {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir, look: None }
    }

    fn file(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// Stores a configuration.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then still whole.
    pub(crate) fn write(&mut self, mut stored: Stored) -> std::io::Result<()> {
        stored.checksum = stored.sum();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)?;
        let (file, fresh) = (self.file(), self.dir.join("last-applied.new"));
        let json = serde_json::to_vec_pretty(&stored)?;
        drop(std::fs::remove_file(&fresh));
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        out.write_all(&json)?;
        out.sync_all()?;
        if file.exists() {
            let kept = self.dir.join("last-applied.prev");
            drop(std::fs::remove_file(&kept));
            // A file system without hard links only costs the older copy.
            drop(std::fs::hard_link(&file, kept));
        }
        std::fs::rename(&fresh, &file)?;
        File::open(&self.dir)?.sync_all()?;
        self.look = look(&file);
        Ok(())
    }

    /// The newest whole configuration: the file, or the one before it.
    pub(crate) fn read(&mut self) -> Option<Stored> {
        let file = self.file();
        let found = [file.clone(), self.dir.join("last-applied.prev")]
            .iter()
            .find_map(|path| read(path).filter(Stored::is_whole));
        self.look = look(&file);
        found
    }

    /// Whether somebody else wrote the file since this process did, and what
    /// stands there now. `serving` is the hash of what should.
    pub(crate) fn tampering(&mut self, serving: &str) -> Option<Tampering> {
        let file = self.file();
        let Some(now) = look(&file) else {
            return self.look.map(|_| Tampering::Missing);
        };
        if Some(now) == self.look {
            return None;
        }
        match read(&file) {
            Some(stored) if stored.is_whole() && stored.sha256 == serving => {
                self.look = Some(now);
                None
            }
            Some(stored) if stored.is_whole() => Some(Tampering::Other(stored.sha256)),
            _ => {
                let bytes = std::fs::read(&file).unwrap_or_default();
                Some(Tampering::Damaged(Sha256::digest(&bytes).into()))
            }
        }
    }
}

/// The stored configuration of the gateway called `name`, wherever its folder.
pub(crate) fn find_by_name(root: &Path, name: &str) -> Option<Stored> {
    let folders = std::fs::read_dir(root).ok()?;
    folders
        .filter_map(Result::ok)
        .filter_map(|entry| LastApplied::new(entry.path()).read())
        .find(|stored| stored.name == name || stored.gateway == name)
}

fn read(path: &Path) -> Option<Stored> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn look(path: &Path) -> Option<Look> {
    let meta = std::fs::metadata(path).ok()?;
    Some(Look {
        ino: meta.ino(),
        size: meta.size(),
        mtime: (meta.mtime(), meta.mtime_nsec()),
        ctime: (meta.ctime(), meta.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::{LastApplied, Stored, Tampering};

    fn stored(content: &str, sha256: &str) -> Stored {
        Stored {
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
    fn a_torn_file_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = LastApplied::new(dir.path().join("gw"));
        assert!(kept.read().is_none());
        kept.write(stored("one", "1")).unwrap();
        kept.write(stored("two", "2")).unwrap();
        assert_eq!(kept.read().unwrap().content, "two");
        let file = dir.path().join("gw/last-applied.json");
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(kept.read().unwrap().content, "one");
    }

    #[test]
    fn tampering_is_seen_and_own_writes_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = LastApplied::new(dir.path().to_owned());
        kept.write(stored("one", "1")).unwrap();
        assert_eq!(kept.tampering("1"), None);
        let file = dir.path().join("last-applied.json");
        let text = std::fs::read_to_string(&file)
            .unwrap()
            .replace("one", "evil");
        std::fs::write(&file, text).unwrap();
        assert!(matches!(kept.tampering("1"), Some(Tampering::Damaged(_))));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(kept.tampering("1"), Some(Tampering::Missing));
        LastApplied::new(dir.path().to_owned())
            .write(stored("evil", "9"))
            .unwrap();
        assert_eq!(kept.tampering("1"), Some(Tampering::Other("9".to_owned())));
    }
}
