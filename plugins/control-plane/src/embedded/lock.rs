//! The lock of the store: shared by commands, exclusive for a server.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::store::DATABASE_FILE;

/// How long a server waits for commands to release the lock. They do not hold it while they wait
/// for a change.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between attempts to lock.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The lock of a command while it executes a request. Released on drop.
#[derive(Debug)]
pub struct SharedLock {
    _file: File,
}

/// The lock of a server while it runs. Released on drop.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

/// An error of locking the store.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A server holds the lock.
    #[error("another control plane serves {0}")]
    Served(PathBuf),
    /// Commands did not release the lock in time.
    #[error("{0} is still in use by other kt commands after 10 seconds")]
    InUse(PathBuf),
    /// The lock file cannot be used.
    #[error("cannot lock {0}: {1}")]
    Failed(PathBuf, io::Error),
}

impl SharedLock {
    /// Acquires the lock; `None` while a server holds it.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub fn take(directory: &Path) -> Result<Option<Self>, io::Error> {
        let file = open(directory)?;
        Ok(try_lock(&file, FlockOperation::NonBlockingLockShared)?.then_some(Self { _file: file }))
    }
}

impl ServerLock {
    /// Acquires the lock, after waiting for commands to release it.
    ///
    /// # Errors
    /// When another server holds it, when commands do not release it in time, or when the file
    /// cannot be used.
    pub fn take(directory: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Failed(directory.to_owned(), error);
        let file = open(directory).map_err(failed)?;
        if !try_lock(&file, FlockOperation::NonBlockingLockShared).map_err(failed)? {
            return Err(LockError::Served(directory.to_owned()));
        }
        let start = Instant::now();
        while !try_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(failed)? {
            if start.elapsed() >= LOCK_TIMEOUT {
                return Err(LockError::InUse(directory.to_owned()));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(Self { _file: file })
    }
}

fn open(directory: &Path) -> Result<File, io::Error> {
    let path = directory.join(format!("{DATABASE_FILE}.lock"));
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn try_lock(file: &File, operation: FlockOperation) -> Result<bool, io::Error> {
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
