//! The part of a manifest that is read when it is needed: its commands.

use super::index_checksum::checksum;
use super::manifest;
use super::manifest_encoding::encode_commands;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the encoded commands of a plugin are.
#[derive(Debug, Clone)]
pub(super) enum Details {
    /// In memory.
    Parsed(Arc<Vec<u8>>),
    /// In the index.
    Stored(Arc<StoredDetails>),
}

/// A part of the index, which is replaced and never changed: an open file stays as it is.
#[derive(Debug)]
pub(super) struct StoredDetails {
    pub(super) file: Arc<File>,
    /// The path of the index.
    pub(super) index: PathBuf,
    /// The path of the manifest.
    pub(super) manifest: PathBuf,
    pub(super) offset: u64,
    pub(super) length: usize,
    pub(super) checksum: u64,
}

impl Details {
    /// Returns the encoded commands. If the index is damaged, it is removed, and the manifest
    /// is parsed.
    pub(super) fn bytes(&self) -> Arc<Vec<u8>> {
        let stored = match self {
            Self::Parsed(bytes) => return Arc::clone(bytes),
            Self::Stored(stored) => stored,
        };
        stored.read().unwrap_or_else(|| {
            drop(std::fs::remove_file(&stored.index));
            Arc::new(parse(&stored.manifest))
        })
    }

    /// Returns the encoded commands; `None` if the index is damaged.
    pub(super) fn stored_bytes(&self) -> Option<Arc<Vec<u8>>> {
        match self {
            Self::Parsed(bytes) => Some(Arc::clone(bytes)),
            Self::Stored(stored) => stored.read(),
        }
    }
}

impl StoredDetails {
    fn read(&self) -> Option<Arc<Vec<u8>>> {
        let mut bytes = vec![0; self.length];
        self.file.read_exact_at(&mut bytes, self.offset).ok()?;
        (checksum(&bytes) == self.checksum).then(|| Arc::new(bytes))
    }
}

/// Returns the encoded commands of a manifest that was valid a moment ago.
fn parse(path: &Path) -> Vec<u8> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let parsed = manifest::parse(path, &text).map(|parsed| parsed.manifest.commands);
    encode_commands(&parsed.unwrap_or_default())
}
