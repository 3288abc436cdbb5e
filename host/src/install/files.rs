//! Copies files to a staged directory, with fixed modes and durably.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The maximum number of files of an artifact.
pub(super) const MAX_FILES: usize = 4096;
/// The maximum size of the files of an artifact.
pub(super) const MAX_TOTAL: u64 = 1 << 30;

/// Creates a file that does not exist.
///
/// # Errors
/// When the file exists or cannot be created.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Opens a file, without blocking on a FIFO.
///
/// # Errors
/// When it cannot be opened, or is not a regular file of at most 1 GiB.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if meta.len() > MAX_TOTAL {
        return Err(io::Error::other("it is larger than 1 GiB"));
    }
    Ok(file)
}

/// Copies a regular file. The mode does not depend on the umask.
///
/// # Errors
/// When reading or writing fails.
pub(super) fn copy_file(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    let mut source = open_regular(from)?.take(MAX_TOTAL);
    let mut target = create_file(to)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(Permissions::from_mode(mode))?;
    target.sync_all()
}
