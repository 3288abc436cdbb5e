//! Ensures that no other user can read or replace the file.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::store::StoreError;

/// Network file systems, on which SQLite's shared memory does not work (statfs(2)): NFS, CIFS
/// and SMB2.
const NETWORK: [u32; 3] = [0x6969, 0xFF53_4D42, 0xFE53_4D42];

static CREATING: Mutex<()> = Mutex::new(());

/// Creates directory and file if they are missing, and rejects them if other users could modify
/// them.
pub(super) fn prepare(path: &Path) -> Result<(), StoreError> {
    prepare_directory(path.parent().unwrap_or(Path::new(".")))?;
    // Closing a file releases all locks that the process has on it (fcntl(2)), including those of
    // SQLite: no other thread may open the store before the file is closed.
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Ok(file) => file.sync_all().map_err(|error| failed(path, &error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_file(path),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Creates the directory of the store if it is missing, and rejects it if other users could modify
/// it.
///
/// # Errors
/// When it cannot be created, belongs to another user, is writable by others, or is on a network
/// file system.
pub fn prepare_directory(directory: &Path) -> Result<(), StoreError> {
    check_nearest_directory(directory)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| failed(directory, &error))?;
    check_directory(directory)
}

/// Rejects the home directory of another user, such as the one that `sudo -E` leaves in the
/// environment of root: its owner could not use files of root.
fn check_nearest_directory(directory: &Path) -> Result<(), StoreError> {
    let nearest = directory
        .ancestors()
        .find_map(|dir| Some((dir, fs::metadata(dir).ok()?)));
    match nearest {
        Some((dir, metadata)) if metadata.uid() != 0 => check_owner(dir, &metadata),
        _ => Ok(()),
    }
}

fn check_directory(directory: &Path) -> Result<(), StoreError> {
    let metadata = fs::metadata(directory).map_err(|error| failed(directory, &error))?;
    check_owner(directory, &metadata)?;
    if metadata.mode() & 0o022 != 0 {
        let fix = "others may write to it; run `chmod go-w` on it";
        return Err(rejected(directory, fix));
    }
    let kind = rustix::fs::statfs(directory).map_err(|error| failed(directory, &error.into()))?;
    // The field's type differs between platforms; the numbers fit in 32 bits on all of them.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32-bit numbers"
    )]
    let kind = kind.f_type as u32;
    if NETWORK.contains(&kind) {
        return Err(rejected(
            directory,
            "it is on a network file system, which SQLite cannot share",
        ));
    }
    Ok(())
}

fn check_file(path: &Path) -> Result<(), StoreError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| failed(path, &error))?;
    if !metadata.is_file() {
        return Err(rejected(path, "it is not a regular file"));
    }
    check_owner(path, &metadata)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(rejected(path, "others may read it; run `chmod 600` on it"));
    }
    Ok(())
}

fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    let current = rustix::process::geteuid().as_raw();
    if metadata.uid() == current {
        return Ok(());
    }
    Err(rejected(
        path,
        &format!(
            "it belongs to user {}, and kt runs as user {current}",
            metadata.uid()
        ),
    ))
}

fn rejected(path: &Path, reason: &str) -> StoreError {
    StoreError::Unusable(format!("{} cannot be used: {reason}", path.display()))
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Failed(format!("{}: {error}", path.display()))
}
