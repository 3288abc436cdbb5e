//! Replaces files atomically: readers see the old content or the new one.

#![forbid(unsafe_code)]

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The mode before the umask, as of files that `std::fs::write` creates.
const MODE: u32 = 0o666;

/// Replaces `file` with `bytes`. Nothing remains of a replacement that failed.
///
/// There is no `fsync`: every file that is written this way is a cache, or can
/// be missing.
///
/// # Errors
/// When the temporary file cannot be created, written or renamed.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(file, |temporary| temporary.write_all(bytes))
}

fn replace_with(file: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(".kt-")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(dir)?;
    write(temporary.as_file_mut())?;
    temporary.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{replace, replace_with};
    use std::io;

    fn names(dir: &std::path::Path) -> Vec<std::ffi::OsString> {
        let entries = std::fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn the_content_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        replace(&file, b"old").unwrap();
        replace(&file, b"new").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["a.json"]);
    }

    #[test]
    fn a_failed_rename_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a.json")).unwrap();
        assert!(replace(&dir.path().join("a.json"), b"text").is_err());
        assert_eq!(names(dir.path()), ["a.json"]);
    }

    #[test]
    fn a_failed_write_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let full = |_: &mut std::fs::File| Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(replace_with(&dir.path().join("a.json"), full).is_err());
        assert!(names(dir.path()).is_empty());
    }
}
