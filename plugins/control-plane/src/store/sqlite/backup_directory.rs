//! The directory of the backups of a store.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use kt_control_api::{BackupInfo, Timestamp};

use super::backup::{backup, failed};
use super::store::DATABASE_FILE;
use crate::store::StoreError;

/// Name of the directory in the state directory.
const DIRECTORY: &str = "backups";
/// Prefix and suffix of the file names, with the time between them, by which they sort.
const NAME: (&str, &str) = ("control-plane-", ".db");

/// The backups of the store in a state directory.
#[derive(Debug)]
pub struct BackupDirectory {
    file: PathBuf,
    path: PathBuf,
    /// Serializes backups, which would only compete for the disk.
    running: Mutex<()>,
}

impl BackupDirectory {
    /// Returns the backups of the store in this state directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self {
            file: directory.join(DATABASE_FILE),
            path: directory.join(DIRECTORY),
            running: Mutex::default(),
        }
    }

    /// Returns the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a backup, and removes the oldest ones beyond `keep`, at least 1, if it is given.
    ///
    /// # Errors
    /// When there is no store, or the directory cannot be used.
    pub fn create(&self, keep: Option<usize>) -> Result<BackupInfo, StoreError> {
        let _running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let unusable = |error: io::Error| failed(&self.path, &error);
        let name = self.new_name().map_err(unusable)?;
        let created = backup(&self.file, &self.path.join(&name))?;
        let removed = keep.map_or(Ok(Vec::new()), |keep| self.prune(keep.max(1)));
        Ok(BackupInfo {
            file: name,
            size: created.size,
            sha256: created.sha256,
            epoch: created.epoch,
            audit_seq: created.audit_seq,
            removed: removed.map_err(unusable)?,
        })
    }

    /// Returns when the newest backup was created; `None` when there is none.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn newest(&self) -> io::Result<Option<SystemTime>> {
        match self.names() {
            Ok(names) => names
                .last()
                .map(|name| fs::metadata(self.path.join(name))?.modified())
                .transpose(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates the directory, and returns a file name with the current time.
    fn new_name(&self) -> io::Result<String> {
        let mut directory = DirBuilder::new();
        directory.recursive(true).mode(0o700).create(&self.path)?;
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
        Ok(format!("{}{time}{}", NAME.0, NAME.1))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(NAME.0) && name.ends_with(NAME.1) {
                found.push(name);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes all but the newest backups. Returns the removed ones.
    fn prune(&self, keep: usize) -> io::Result<Vec<String>> {
        let mut found = self.names()?;
        found.truncate(found.len().saturating_sub(keep));
        for name in &found {
            fs::remove_file(self.path.join(name))?;
            // A backup may have no checksum.
            drop(fs::remove_file(self.path.join(format!("{name}.sha256"))));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backups_are_kept_and_other_files_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let backups = BackupDirectory::of(directory.path());
        assert_eq!(backups.newest().unwrap(), None);
        fs::create_dir(backups.path()).unwrap();
        let names = [
            "control-plane-1.db",
            "control-plane-2.db",
            "control-plane-3.db",
            "mine.db",
        ];
        for name in names {
            fs::write(backups.path().join(name), "").unwrap();
            fs::write(backups.path().join(format!("{name}.sha256")), "").unwrap();
        }
        assert_eq!(backups.prune(2).unwrap(), ["control-plane-1.db"]);
        assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 6);
        assert!(backups.prune(2).unwrap().is_empty());
        let third = fs::metadata(backups.path().join("control-plane-3.db")).unwrap();
        assert_eq!(backups.newest().unwrap(), third.modified().ok());
    }
}
