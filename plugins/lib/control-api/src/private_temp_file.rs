//! Files that hold secrets or configurations: complete or absent, and readable by their owner only.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file of mode 0600 that replaces another one once it is complete. Removed when it is dropped
/// before.
#[derive(Debug)]
pub struct PrivateTempFile(NamedTempFile);

impl PrivateTempFile {
    /// Creates an empty file in the directory of `path`.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().display();
        tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .tempfile_in(directory_of(path))
            .map(Self)
    }

    /// Returns the path of the temporary file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Opens the file for writing.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> io::Result<File> {
        fs::OpenOptions::new().write(true).open(self.path())
    }

    /// Syncs the file to disk and renames it to `path`, replacing what is there. After a crash
    /// `path` is the old file or this one.
    ///
    /// # Errors
    /// When the file cannot be synced or renamed.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        self.0.as_file().sync_all()?;
        self.0.persist(path)?;
        sync_parent_directory(path)
    }
}

/// Syncs the directory of a file to disk, and with it the creation, renaming or removal of the file.
///
/// # Errors
/// When the directory cannot be synced.
pub fn sync_parent_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_private_and_is_removed_unless_it_is_persisted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let files = || fs::read_dir(directory.path()).unwrap().count();
        drop(PrivateTempFile::beside(&path).unwrap());
        assert_eq!(files(), 0);

        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let file = PrivateTempFile::beside(&path).unwrap();
        file.open().unwrap().write_all(b"new").unwrap();
        file.persist(&path).unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), files()),
            (&b"new"[..], 1)
        );
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
