//! Files with tokens or configurations: whole or absent, and readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A private file under another name until it is finished. Removed when it is dropped before.
#[derive(Debug)]
pub struct PrivateTempFile {
    path: PathBuf,
}

impl PrivateTempFile {
    /// Makes an empty file beside another one.
    ///
    /// # Errors
    /// When the directory takes no file.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().display();
        let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
        // A leftover of a killed process of this number must not keep its mode.
        drop(fs::remove_file(&draft));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        Ok(Self { path: draft })
    }

    /// Where the file is for now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for writing.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(&self.path)
    }

    /// Gives the file its name, whatever stands there, once it is on the disk. After a crash there
    /// is the old file or this one.
    ///
    /// # Errors
    /// When it cannot be brought to the disk or renamed.
    pub fn keep(self, path: &Path) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, path)?;
        sync_parent_directory(path)
    }
}

impl Drop for PrivateTempFile {
    fn drop(&mut self) {
        // After `keep` there is none of this name.
        drop(fs::remove_file(&self.path));
    }
}

/// Makes what happened to the name of a file last.
///
/// # Errors
/// When its directory cannot be brought to the disk.
pub fn sync_parent_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_draft_is_private_and_gone_unless_it_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let files = || fs::read_dir(directory.path()).unwrap().count();
        drop(PrivateTempFile::beside(&path).unwrap());
        assert_eq!(files(), 0);

        let leftover = PrivateTempFile::beside(&path).unwrap().path().to_owned();
        fs::write(&leftover, "old").unwrap();
        fs::set_permissions(&leftover, PermissionsExt::from_mode(0o644)).unwrap();
        let draft = PrivateTempFile::beside(&path).unwrap();
        draft.open().unwrap().write_all(b"new").unwrap();
        draft.keep(&path).unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), files()),
            (&b"new"[..], 1)
        );
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
