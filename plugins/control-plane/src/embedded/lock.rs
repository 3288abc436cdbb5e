//! The lock that tells embedded use and a server apart.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::store::DATABASE_FILE;

/// How long a server waits for embedded requests to end. They hold the lock only while they work,
/// never while they wait, so this is generous.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between attempts to take the lock.
const PAUSE: Duration = Duration::from_millis(10);

/// Held while a request is carried out in process. Ends with the value.
#[derive(Debug)]
pub struct SharedLock {
    _file: File,
}

/// Held by a server for as long as it runs. Ends with the value, or the process.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

/// Says why a server cannot have the store.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error("another control plane serves {0}")]
    Served(PathBuf),
    /// Embedded requests did not end in time.
    #[error("{0} is still in use by other kt commands after 10 seconds")]
    InUse(PathBuf),
    /// The lock file cannot be used.
    #[error("the lock in {0} cannot be used: {1}")]
    Failed(PathBuf, io::Error),
}

impl SharedLock {
    /// Takes the lock; `None` while a server holds it.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub fn take(directory: &Path) -> Result<Option<Self>, io::Error> {
        let file = open(directory)?;
        Ok(attempt(&file, FlockOperation::NonBlockingLockShared)?.then_some(Self { _file: file }))
    }
}

impl ServerLock {
    /// Takes the lock, waiting for embedded requests to end.
    ///
    /// # Errors
    /// When another server has it, at once; when it stays in use; when the file cannot be used.
    pub fn take(directory: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Failed(directory.to_owned(), error);
        let file = open(directory).map_err(failed)?;
        if !attempt(&file, FlockOperation::NonBlockingLockShared).map_err(failed)? {
            return Err(LockError::Served(directory.to_owned()));
        }
        let start = Instant::now();
        while !attempt(&file, FlockOperation::NonBlockingLockExclusive).map_err(failed)? {
            if start.elapsed() >= PATIENCE {
                return Err(LockError::InUse(directory.to_owned()));
            }
            thread::sleep(PAUSE);
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

fn attempt(file: &File, operation: FlockOperation) -> Result<bool, io::Error> {
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
