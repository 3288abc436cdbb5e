//! The halts of a gateway on disk, so that it starts halted, also without a control plane.

use kt_control_api::{Halt, PrivateTempFile, sync_parent_directory};
use serde::{Deserialize, Serialize};
use std::fs::DirBuilder;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const FILE: &str = "halt.json";

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredHalts {
    /// The halt that the control plane last sent.
    #[serde(default)]
    pub(super) control_plane: Option<Halt>,
    /// Its number at the control plane.
    #[serde(default)]
    pub(super) generation: u64,
    /// The halt through the administration socket.
    #[serde(default)]
    pub(super) local: Option<Halt>,
}

impl StoredHalts {
    fn is_empty(&self) -> bool {
        self.control_plane.is_none() && self.local.is_none()
    }
}

/// The file of one gateway. It exists only while the gateway is halted.
#[derive(Debug)]
pub(super) struct HaltFile {
    path: PathBuf,
}

impl HaltFile {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            path: dir.join(FILE),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it exists and cannot be read or parsed.
    pub(super) fn read(&self) -> std::io::Result<StoredHalts> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(StoredHalts::default()),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file, or removes it if there is no halt.
    ///
    /// # Errors
    /// When it cannot be written; the old one then remains.
    pub(super) fn write(&self, halts: &StoredHalts) -> std::io::Result<()> {
        let Some(dir) = self.path.parent() else {
            return Ok(());
        };
        if halts.is_empty() {
            return match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
                Ok(()) => sync_parent_directory(&self.path),
            };
        }
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let temporary = PrivateTempFile::beside(&self.path)?;
        let json = serde_json::to_vec_pretty(halts)?;
        temporary.open()?.write_all(&json)?;
        temporary.persist(&self.path)
    }
}
