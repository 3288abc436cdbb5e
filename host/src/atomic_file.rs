//! Replaces files atomically: readers see the old content or the new one.

#![forbid(unsafe_code)]

use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The mode of every file, whatever the umask is.
const MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// The start of the names of temporary files.
const PREFIX: &str = ".kt-";
/// A larger file is not a cache.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// Creates a directory that only the user can access, and its parents, unless they
/// exist.
///
/// # Errors
/// When a directory cannot be created.
pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
}

/// Reads a file that only the user or root can have written.
pub(crate) fn read_private(file: &Path) -> Option<Vec<u8>> {
    let (file, size) = open_private(file)?;
    // One read of the content, and one that finds the end.
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()? + 1);
    file.take(MAX_SIZE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Opens a file that only the user or root can have written, and returns its size.
pub(crate) fn open_private(file: &Path) -> Option<(File, u64)> {
    // Opening a FIFO must not block.
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(file)
        .ok()?;
    let meta = file.metadata().ok()?;
    let me = rustix::process::geteuid().as_raw();
    let private = (meta.uid() == me || meta.uid() == 0) && meta.mode() & WRITABLE_BY_OTHERS == 0;
    if !meta.is_file() || !private || meta.len() > MAX_SIZE {
        return None;
    }
    let size = meta.len();
    Some((file, size))
}

/// Replaces `file` with `bytes`, which remain after a power failure.
///
/// # Errors
/// When the temporary file cannot be created, written or renamed.
pub(crate) fn replace_durably(file: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(file, |temporary| {
        temporary.write_all(bytes)?;
        temporary.sync_all()
    })?;
    sync_dir(file.parent().unwrap_or(Path::new(".")))
}

/// Makes the names in a directory durable.
///
/// # Errors
/// When the directory cannot be opened or synchronized.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

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
    let mut temporary = tempfile::Builder::new().prefix(PREFIX).tempfile_in(dir)?;
    let file_mode = Permissions::from_mode(MODE);
    temporary.as_file().set_permissions(file_mode)?;
    write(temporary.as_file_mut())?;
    temporary.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MODE, read_private, replace, replace_durably, replace_with};
    use std::fs::{self, Permissions};
    use std::io;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

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
    fn only_a_file_that_others_cannot_have_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        assert_eq!(read_private(&file), None);
        replace_durably(&file, b"text").unwrap();
        let mode = |file| fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), MODE);
        assert_eq!(read_private(&file).unwrap(), b"text");
        symlink(&file, dir.path().join("link")).unwrap();
        assert_eq!(read_private(&dir.path().join("link")), None);
        for mode in [0o620, 0o602, 0o666] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_private(&file), None, "{mode:o}");
        }
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&file, Permissions::from_mode(MODE)).unwrap();
            chown(&file, Some(4711), None).unwrap();
            assert_eq!(read_private(&file), None);
        }
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
