//! Making sure that nobody else can read or replace the file.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::store::StoreError;

/// Network file systems, on which SQLite's shared memory does not work (statfs(2)): NFS, CIFS
/// and SMB2.
const NETWORK: [u32; 3] = [0x6969, 0xFF53_4D42, 0xFE53_4D42];

static MAKING: Mutex<()> = Mutex::new(());

/// Makes directory and file if they are missing, and refuses them if others could tamper.
pub(super) fn prepare(path: &Path) -> Result<(), StoreError> {
    prepare_directory(path.parent().unwrap_or(Path::new(".")))?;
    // Closing a file ends every lock that the process has on it (fcntl(2)), SQLite's too: nobody
    // in this process may open the store before its maker has closed the file.
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Makes the directory of the store if it is missing, and refuses it if others could tamper.
///
/// # Errors
/// When it cannot be made, belongs to somebody else, is writable by others, or lies on a network
/// file system.
pub fn prepare_directory(directory: &Path) -> Result<(), StoreError> {
    check_surroundings(directory)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| failed(directory, &error))?;
    check_directory(directory)
}

/// Refuses to make files in the home of somebody else, such as root's in the home that `sudo -E`
/// left in the environment: their owner could not use kt any more.
fn check_surroundings(directory: &Path) -> Result<(), StoreError> {
    let nearest = directory
        .ancestors()
        .find_map(|dir| Some((dir, fs::metadata(dir).ok()?)));
    match nearest {
        Some((dir, facts)) if facts.uid() != 0 => check_owner(dir, &facts),
        _ => Ok(()),
    }
}

fn check_directory(directory: &Path) -> Result<(), StoreError> {
    let facts = fs::metadata(directory).map_err(|error| failed(directory, &error))?;
    check_owner(directory, &facts)?;
    if facts.mode() & 0o022 != 0 {
        let fix = "others may write to it; run `chmod go-w` on it";
        return Err(refused(directory, fix));
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
        return Err(refused(
            directory,
            "it is on a network file system, which SQLite cannot share",
        ));
    }
    Ok(())
}

fn check_file(path: &Path) -> Result<(), StoreError> {
    let facts = fs::symlink_metadata(path).map_err(|error| failed(path, &error))?;
    if !facts.is_file() {
        return Err(refused(path, "it is not a regular file"));
    }
    check_owner(path, &facts)?;
    if facts.mode() & 0o077 != 0 {
        return Err(refused(path, "others may read it; run `chmod 600` on it"));
    }
    Ok(())
}

fn check_owner(path: &Path, facts: &Metadata) -> Result<(), StoreError> {
    let me = rustix::process::geteuid().as_raw();
    if facts.uid() == me {
        return Ok(());
    }
    Err(refused(
        path,
        &format!(
            "it belongs to user {}, and kt runs as user {me}",
            facts.uid()
        ),
    ))
}

fn refused(path: &Path, why: &str) -> StoreError {
    StoreError::Unusable(format!("{} cannot be used: {why}", path.display()))
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Failed(format!("{}: {error}", path.display()))
}
