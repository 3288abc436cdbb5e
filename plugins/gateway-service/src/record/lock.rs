//! The lock that serializes changes to a service.

use kt_plugin_api::service::ServiceName;
use kt_plugin_api::{Class, Error};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait for the lock: the kernel releases the lock of a killed
/// process only after it has torn the process down.
const TIMEOUT: Duration = Duration::from_secs(1);
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The lock on one service, released when dropped; the kernel releases it when the
/// process is killed. The lock file is never removed: two processes could then
/// lock two different files of the same name.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn acquire(path: &Path, name: &ServiceName) -> Result<Self, Error> {
        let failed = |e: std::io::Error| {
            let message = format!("cannot lock {}", path.display());
            Error::new(Class::Unavailable, "lock-failed", message).cause(e)
        };
        if let Some(dir) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(failed)?;
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(e)) => return Err(failed(e)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(RETRY_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => return Err(busy(name)),
            }
        }
    }
}

fn busy(name: &ServiceName) -> Error {
    Error::new(
        Class::Conflict,
        "service-busy",
        format!("another kt process is changing the service `{name}`"),
    )
    .hint("try again when it has finished")
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use kt_plugin_api::service::ServiceName;

    #[test]
    fn a_second_lock_is_refused_until_the_first_is_released() {
        let dir = tempfile::tempdir().unwrap();
        let name = ServiceName::default();
        let lock = |file: &str| Lock::acquire(&dir.path().join(file), &name);
        let first = lock("one").unwrap();
        assert_eq!(lock("one").unwrap_err().id, "service-busy");
        let _other = lock("other").unwrap();
        drop(first);
        lock("one").unwrap();
    }
}
