//! Changes the installed plugins.
//!
//! Two things change, the directory of the plugin and its entry of the lock file, and a
//! process can be killed between them. So the entry first gets the hashes of both the old
//! and the new files, and loses the old ones after the rename: at each point the directory
//! that exists can be loaded.

use super::artifact::Candidate;
use super::failpoint::before_change;
use super::staging::{Staging, unwritable};
use crate::atomic_file::sync_dir;
use crate::discovery::{PluginTier, RecordPaths, read_plugin};
use crate::plugin_lock::{LockEntry, LockTransaction, PluginHashes, current_hashes};
use kt_plugin_api::{Class, Error};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Changes the plugins of the user.
pub(crate) struct Installer {
    /// The plugin directory of the user.
    pub(crate) plugins: PathBuf,
    pub(crate) records: Arc<RecordPaths>,
}

impl Installer {
    /// Installs a candidate, if the installed plugin is still the `expected` one.
    ///
    /// # Errors
    /// Class `conflict` if it changed meanwhile; class `plugin` if a change fails.
    pub(crate) fn install(
        &self,
        candidate: &Candidate,
        mut entry: LockEntry,
        replace: bool,
    ) -> Result<(), Error> {
        let name = &candidate.manifest.name;
        let target = self.plugins.join(name);
        let failed = |e: io::Error| unwritable(&target).cause(e);
        candidate.staging.sync().map_err(failed)?;
        let mut transaction = self.begin()?;
        let exists = target.symlink_metadata().is_ok();
        if exists && !replace {
            return Err(installed_meanwhile(name));
        }
        // A link is not loaded with an entry that has hashes.
        let old = transaction.lock.entries.get(name).cloned();
        let was_link = target.symlink_metadata().is_ok_and(|m| m.is_symlink());
        let new = (entry.hashes.clone(), entry.manifest_hashes.clone());
        if let (Some(old), false) = (old, was_link) {
            entry.hashes.extend(old.hashes);
            entry.manifest_hashes.extend(old.manifest_hashes);
        } else if let Some(current) = self.hashes_of(&target) {
            entry.hashes.push(current.code);
            entry.manifest_hashes.push(current.manifest);
        }
        if !was_link {
            transaction.lock.insert(entry.clone());
            before_change();
            transaction.write()?;
        }
        before_change();
        self.replace(&candidate.staging, &target).map_err(failed)?;
        (entry.hashes, entry.manifest_hashes) = new;
        transaction.lock.insert(entry);
        before_change();
        transaction.write()?;
        before_change();
        Ok(())
    }

    /// Links a directory into the plugin directory.
    ///
    /// # Errors
    /// As for [`Installer::install`].
    pub(crate) fn link(
        &self,
        name: &str,
        version: &str,
        dir: &Path,
        replace: bool,
    ) -> Result<(), Error> {
        let target = self.plugins.join(name);
        let failed = |e: io::Error| unwritable(&target).cause(e);
        let staging = Staging::create(&self.plugins)?;
        let link = staging.plugin_dir();
        std::fs::remove_dir(&link)
            .and_then(|()| std::os::unix::fs::symlink(dir, &link))
            .map_err(failed)?;
        let mut transaction = self.begin()?;
        if target.symlink_metadata().is_ok() && !replace {
            return Err(installed_meanwhile(name));
        }
        let mut entry = LockEntry::new(name, version, PluginTier::Development);
        entry.source = Some(dir.display().to_string());
        transaction.lock.insert(entry);
        before_change();
        transaction.write()?;
        before_change();
        self.replace(&staging, &target).map_err(failed)
    }

    /// Removes a plugin, or the link to it.
    ///
    /// # Errors
    /// Class `plugin` if a change fails.
    pub(crate) fn remove(&self, name: &str, path: &Path) -> Result<(), Error> {
        let failed = |e: io::Error| unwritable(path).cause(e);
        let staging = Staging::create(&self.plugins)?;
        let mut transaction = self.begin()?;
        before_change();
        match std::fs::rename(path, staging.old_dir()) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed.map_err(failed)?,
        }
        sync_dir(&self.plugins).map_err(failed)?;
        transaction.lock.entries.remove(name);
        before_change();
        transaction.write()?;
        before_change();
        Ok(())
    }

    /// Changes the entry of a plugin in the lock file.
    ///
    /// # Errors
    /// Class `plugin` if the lock file cannot be written.
    pub(crate) fn lock(&self, entry: LockEntry) -> Result<(), Error> {
        let mut transaction = self.begin()?;
        transaction.lock.insert(entry);
        transaction.write()
    }

    /// Returns the hashes of a plugin that is not in the lock file yet.
    fn hashes_of(&self, dir: &Path) -> Option<PluginHashes> {
        current_hashes(&read_plugin(dir, &self.records)?).ok()
    }

    /// Begins a change, and forgets the entries of installations that did not complete.
    fn begin(&self) -> Result<LockTransaction, Error> {
        let mut transaction = LockTransaction::begin(&self.records.lock)?;
        transaction.lock.entries.retain(|name, entry| {
            entry.source.is_none() || self.plugins.join(name).symlink_metadata().is_ok()
        });
        Ok(transaction)
    }

    /// Moves the staged plugin to `target`; what was there is in the staging directory
    /// afterwards, which removes it.
    fn replace(&self, staging: &Staging, target: &Path) -> io::Result<()> {
        let staged = staging.plugin_dir();
        if target.symlink_metadata().is_err() {
            std::fs::rename(&staged, target)?;
            return sync_dir(&self.plugins);
        }
        match renameat_with(CWD, &staged, CWD, target, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            // Not every file system can exchange; then there is a moment without either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                std::fs::rename(target, staging.old_dir())?;
                std::fs::rename(&staged, target)?;
            }
            Err(e) => return Err(e.into()),
        }
        sync_dir(&self.plugins)
    }
}

fn installed_meanwhile(name: &str) -> Error {
    let message = format!("plugin `{name}` is already installed");
    Error::new(Class::Conflict, "plugin-installed", message).hint(format!(
        "run `kt plugin update {name}`, or pass `--force` to replace it"
    ))
}
