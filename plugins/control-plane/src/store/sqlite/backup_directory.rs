//! The folder in which a store keeps copies of itself.

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

/// Name of the folder in the state directory.
const FOLDER: &str = "backups";
/// How the names begin and end; between stands the time, so that they sort by it.
const NAME: (&str, &str) = ("control-plane-", ".db");

/// Backups of the store in a state directory, in a folder of it.
#[derive(Debug)]
pub struct BackupDirectory {
    file: PathBuf,
    folder: PathBuf,
    /// One at a time: two would only wait for the same disk.
    turn: Mutex<()>,
}

impl BackupDirectory {
    /// Those of the store in this state directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self {
            file: directory.join(DATABASE_FILE),
            folder: directory.join(FOLDER),
            turn: Mutex::default(),
        }
    }

    /// Where they lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes one, and removes the oldest beyond `keep`, at least 1, if that is given.
    ///
    /// # Errors
    /// When there is no store, or the folder cannot be used.
    pub fn make(&self, keep: Option<usize>) -> Result<BackupInfo, StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let unusable = |error: io::Error| failed(&self.folder, &error);
        let name = self.free_name().map_err(unusable)?;
        let made = backup(&self.file, &self.folder.join(&name))?;
        let removed = keep.map_or(Ok(Vec::new()), |keep| self.prune(keep.max(1)));
        Ok(BackupInfo {
            file: name,
            size: made.size,
            sha256: made.sha256,
            epoch: made.epoch,
            audit_seq: made.audit_seq,
            removed: removed.map_err(unusable)?,
        })
    }

    /// When the newest was made; `None` when there is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest(&self) -> io::Result<Option<SystemTime>> {
        match self.names() {
            Ok(names) => names
                .last()
                .map(|name| fs::metadata(self.folder.join(name))?.modified())
                .transpose(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A name of the moment in the folder, which is made.
    fn free_name(&self) -> io::Result<String> {
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&self.folder)?;
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
        Ok(format!("{}{time}{}", NAME.0, NAME.1))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(NAME.0) && name.ends_with(NAME.1) {
                found.push(name);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes all but the newest. Returns what was removed.
    fn prune(&self, keep: usize) -> io::Result<Vec<String>> {
        let mut found = self.names()?;
        found.truncate(found.len().saturating_sub(keep));
        for name in &found {
            fs::remove_file(self.folder.join(name))?;
            // It may never have had one.
            drop(fs::remove_file(self.folder.join(format!("{name}.sha256"))));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backups_are_kept_and_other_files_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let backups = BackupDirectory::of(directory.path());
        assert_eq!(backups.newest().unwrap(), None);
        fs::create_dir(backups.folder()).unwrap();
        let names = [
            "control-plane-1.db",
            "control-plane-2.db",
            "control-plane-3.db",
            "mine.db",
        ];
        for name in names {
            fs::write(backups.folder().join(name), "").unwrap();
            fs::write(backups.folder().join(format!("{name}.sha256")), "").unwrap();
        }
        assert_eq!(backups.prune(2).unwrap(), ["control-plane-1.db"]);
        assert_eq!(fs::read_dir(backups.folder()).unwrap().count(), 6);
        assert!(backups.prune(2).unwrap().is_empty());
        let third = fs::metadata(backups.folder().join("control-plane-3.db")).unwrap();
        assert_eq!(backups.newest().unwrap(), third.modified().ok());
    }
}
