//! A change of the lock file, exclusive to one process.

use super::file::PluginLock;
use crate::atomic_file;
use kt_plugin_api::{Class, Error};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long another process is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The exclusive right to change the lock file and the installed plugins. It ends with
/// the process, however that ends.
pub(crate) struct LockTransaction {
    path: PathBuf,
    pub(crate) lock: PluginLock,
    _guard: File,
}

impl LockTransaction {
    /// Waits for other processes, and reads the lock file.
    ///
    /// # Errors
    /// Class `conflict` on a timeout; class `plugin` if the lock file cannot be used.
    pub(crate) fn begin(path: &Path) -> Result<Self, Error> {
        let guard = guard(path)?;
        Ok(Self {
            path: path.to_owned(),
            lock: PluginLock::read(path)?,
            _guard: guard,
        })
    }

    /// Writes the lock file, durably.
    ///
    /// # Errors
    /// Class `plugin` if it cannot be written.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let text = self.lock.to_toml();
        atomic_file::replace_durably(&self.path, text.as_bytes())
            .map_err(|e| unwritable(&self.path).cause(e))
    }
}

/// Locks a file beside the lock file, which is replaced and cannot be locked itself.
fn guard(path: &Path) -> Result<File, Error> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let file = atomic_file::create_private_dir(dir)
        .and_then(|()| {
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(libc::O_NOFOLLOW)
                .open(dir.join(".plugins.flock"))
        })
        .map_err(|e| unwritable(path).cause(e))?;
    let end = Instant::now() + TIMEOUT;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() > end {
            let message = "another process has been changing the plugins for a minute";
            return Err(Error::new(Class::Conflict, "plugins-locked", message)
                .hint("run `lsof` on the file `.plugins.flock` in the configuration directory"));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(file)
}

fn unwritable(path: &Path) -> Error {
    let message = format!("the lock file `{}` cannot be written", path.display());
    Error::new(Class::Plugin, "plugin-lock-unwritable", message)
}
