//! Files that are there whole or not at all, and that nobody else can read.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::StoreError;

/// A file under another name until it is finished. Removed when it is dropped before.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Makes an empty file beside another one.
    ///
    /// # Errors
    /// When the directory takes no file.
    pub fn beside(path: &Path) -> Result<Self, StoreError> {
        let name = path.file_name().unwrap_or_default().display();
        let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft);
        made.map_err(|error| failed(path, &error))?;
        Ok(Self { path: draft })
    }

    /// Where the file is for now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, whatever stands there, once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be brought to the disk or renamed.
    pub fn keep(self, path: &Path) -> Result<(), StoreError> {
        let kept = File::open(&self.path)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.path, path))
            .and_then(|()| sync_directory(path));
        kept.map_err(|error| failed(path, &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After `keep` there is none of this name.
        drop(fs::remove_file(&self.path));
    }
}

/// Makes renames beside a file last.
pub(super) fn sync_directory(of: &Path) -> io::Result<()> {
    match of.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

pub(super) fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Failed(format!("{}: {error}", path.display()))
}
