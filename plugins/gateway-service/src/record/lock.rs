//! One change of a service at a time.

use kt_plugin_api::service::ServiceName;
use kt_plugin_api::{Class, Error};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait for the lock: a kt that was just killed lets go of it only
/// when the system has taken it apart.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two tries.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Held while it lives; the system lets go of it even when kt is killed. The
/// file stays: removing it would let two kts lock two files of one name.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(path: &Path, name: &ServiceName) -> Result<Self, Error> {
        let impossible = |e: std::io::Error| {
            let message = format!("cannot lock {}", path.display());
            Error::new(Class::Unavailable, "lock-impossible", message).cause(e)
        };
        if let Some(dir) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(impossible)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(impossible)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(e)) => return Err(impossible(e)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(LOOK_AGAIN);
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
        format!("another kt is changing the service `{name}` right now"),
    )
    .hint("try again when it is done")
}

#[cfg(test)]
mod tests {
    use crate::record::Records;
    use kt_plugin_api::service::ServiceName;

    #[test]
    fn a_second_change_is_refused_until_the_first_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::new(dir.path());
        let (one, other) = (ServiceName::default(), ServiceName::parse("edge").unwrap());
        let held = records.lock(&one).unwrap();
        assert_eq!(records.lock(&one).unwrap_err().id, "service-busy");
        let _edge = records.lock(&other).unwrap();
        drop(held);
        records.lock(&one).unwrap();
    }
}
