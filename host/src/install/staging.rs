//! Staging directories: hidden directories beside the installed plugins, on the same
//! file system.

use crate::atomic_file::{create_private_dir, sync_dir};
use kt_plugin_api::{Class, Error};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The start of the names.
const PREFIX: &str = ".staging-";
const DIR_MODE: u32 = 0o755;

/// A staging directory; removed when it is dropped. It is locked as long as its process
/// runs, so that others can remove those of killed processes.
pub(crate) struct Staging {
    dir: TempDir,
    _lock: File,
}

impl Staging {
    /// Creates a staging directory in the plugin directory of the user, and removes those
    /// of processes that were killed.
    ///
    /// # Errors
    /// Class `plugin` if it cannot be created.
    pub(crate) fn create(plugins: &Path) -> Result<Self, Error> {
        let failed = |e: io::Error| unwritable(plugins).cause(e);
        create_private_dir(plugins).map_err(failed)?;
        // Held while directories are removed or created, so that a new one is not taken
        // for an abandoned one before it is locked.
        let guard = File::open(plugins).map_err(failed)?;
        flock(&guard, FlockOperation::LockExclusive).map_err(|e| failed(e.into()))?;
        remove_abandoned(plugins);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(plugins)
            .map_err(failed)?;
        let lock = File::open(dir.path()).map_err(failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|e| failed(e.into()))?;
        let staging = Self { dir, _lock: lock };
        let plugin = staging.plugin_dir();
        create_private_dir(&plugin)
            .and_then(|()| std::fs::set_permissions(&plugin, Permissions::from_mode(DIR_MODE)))
            .map_err(failed)?;
        Ok(staging)
    }

    /// The directory of the plugin.
    pub(super) fn plugin_dir(&self) -> PathBuf {
        self.dir.path().join("plugin")
    }

    /// A path for what a rename replaces.
    pub(super) fn old_dir(&self) -> PathBuf {
        self.dir.path().join("old")
    }

    /// Creates the directory for the files of an archive.
    pub(super) fn unpack_dir(&self) -> Result<PathBuf, Error> {
        let dir = self.dir.path().join("unpacked");
        create_private_dir(&dir).map_err(|e| unwritable(&dir).cause(e))?;
        Ok(dir)
    }

    /// Makes the names of the staged files durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_dir(&self.plugin_dir())
    }
}

fn remove_abandoned(plugins: &Path) {
    let entries = std::fs::read_dir(plugins).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        if !entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
        {
            continue;
        }
        let Ok(file) = File::open(entry.path()) else {
            continue;
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

pub(super) fn unwritable(path: &Path) -> Error {
    let message = format!("`{}` cannot be changed", path.display());
    Error::new(Class::Plugin, "plugin-dir-unwritable", message)
}
