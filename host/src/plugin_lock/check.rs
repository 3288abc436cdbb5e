//! The check of a plugin against the lock file.

use super::file::{LockEntry, PluginLock};
use super::hash_cache::HashCache;
use super::sha256::sha256_of_bytes;
use super::transaction::LockTransaction;
use crate::discovery::PluginManifest;
use crate::discovery::{DiscoveredPlugin, MANIFEST, PluginTier};
use crate::logging;
use kt_plugin_api::abi::log;
use kt_plugin_api::{Class, Error};
use std::fs::File;
use std::io;
use std::path::Path;

/// The hashes of the files of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PluginHashes {
    /// That of the library or the program.
    pub(crate) code: String,
    /// That of `plugin.toml`.
    pub(crate) manifest: String,
}

/// Checks the files of a plugin before it is loaded, and locks a plugin of the user that
/// was not installed by kt on its first use. `code` is the open library.
///
/// # Errors
/// Class `plugin` if a file changed, with both hashes and the command to accept it.
pub(crate) fn check_at_load(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    code: &File,
    cache: &Path,
) -> Result<(), Error> {
    match plugin.tier {
        PluginTier::System => return Ok(()),
        PluginTier::Development => {
            if plugin.link.is_none() {
                return Ok(());
            }
            return check_link(plugin, manifest);
        }
        PluginTier::Locked | PluginTier::Signed => {}
    }
    let lock = PluginLock::read(&plugin.records.lock)?;
    let hashes = cached_hashes(plugin, code, cache).map_err(|e| unreadable(plugin, &e))?;
    match locked(&lock, manifest) {
        Some(entry) => compare(entry, &manifest.name, &hashes),
        None => lock_first_use(plugin, manifest, &hashes),
    }
}

/// Checks the files of a plugin without changing anything: for lists. Hashes are taken
/// from the cache, if one is given. Returns the entry of the lock file.
///
/// # Errors
/// As for [`check_at_load`].
pub(crate) fn inspect(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    lock: &PluginLock,
    cache: Option<&Path>,
) -> Result<Option<LockEntry>, Error> {
    let entry = locked(lock, manifest);
    if let (Some(entry), PluginTier::Locked) = (entry, plugin.tier) {
        let hashes = match cache {
            Some(cache) => File::open(plugin.library().unwrap_or_default())
                .and_then(|code| cached_hashes(plugin, &code, cache)),
            None => current_hashes(plugin),
        };
        let hashes = hashes.map_err(|e| unreadable(plugin, &e))?;
        compare(entry, &manifest.name, &hashes)?;
    }
    if let (Some(entry), Some(_)) = (lock.entries.get(&manifest.name), &plugin.link) {
        check_link_entry(entry, plugin, manifest)?;
    }
    Ok(lock.entries.get(&manifest.name).cloned())
}

/// Returns the hashes of the files of a plugin.
///
/// # Errors
/// When reading fails.
pub(crate) fn current_hashes(plugin: &DiscoveredPlugin) -> io::Result<PluginHashes> {
    let path = plugin.library().unwrap_or_default();
    // Opening a FIFO would block.
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let code = File::open(path)?;
    Ok(PluginHashes {
        code: super::sha256_of(&code)?,
        manifest: sha256_of_bytes(&std::fs::read(plugin.dir.join(MANIFEST))?),
    })
}

fn cached_hashes(plugin: &DiscoveredPlugin, code: &File, cache: &Path) -> io::Result<PluginHashes> {
    let mut cache = HashCache::open(cache);
    let hashes = PluginHashes {
        code: cache.hash(code)?,
        manifest: sha256_of_bytes(&std::fs::read(plugin.dir.join(MANIFEST))?),
    };
    cache.save();
    Ok(hashes)
}

/// Returns the entry of a plugin that has hashes.
fn locked<'l>(lock: &'l PluginLock, manifest: &PluginManifest) -> Option<&'l LockEntry> {
    let entry = lock.entries.get(&manifest.name)?;
    (entry.tier != PluginTier::Development).then_some(entry)
}

fn compare(entry: &LockEntry, name: &str, hashes: &PluginHashes) -> Result<(), Error> {
    let Err(differences) = entry.compare(&hashes.code, &hashes.manifest) else {
        return Ok(());
    };
    let message = format!("plugin `{name}` changed since it was locked");
    let error = Error::new(Class::Plugin, "plugin-changed", message);
    let error = differences.into_iter().fold(error, Error::cause);
    let accept = format!("if you changed it, run `kt plugin trust {name}` to accept it");
    Err(match &entry.source {
        Some(_) => error.hint(format!(
            "{accept}, or `kt plugin update {name}` to install it again"
        )),
        None => error.hint(format!(
            "{accept}; otherwise, run `kt plugin remove {name}`"
        )),
    })
}

/// Reports a linked plugin at each load, because its files are not checked.
fn check_link(plugin: &DiscoveredPlugin, manifest: &PluginManifest) -> Result<(), Error> {
    let lock = PluginLock::read(&plugin.records.lock)?;
    if let Some(entry) = lock.entries.get(&manifest.name) {
        check_link_entry(entry, plugin, manifest)?;
    }
    let message = format!(
        "plugin `{}` is linked to `{}` for development: its files are not checked",
        manifest.name,
        plugin.dir.display()
    );
    logging::record(log::WARN, "kt", &message, "");
    Ok(())
}

/// A link must not replace a plugin that was installed with hashes.
fn check_link_entry(
    entry: &LockEntry,
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
) -> Result<(), Error> {
    if entry.tier == PluginTier::Development {
        return Ok(());
    }
    let name = &manifest.name;
    let message = format!("plugin `{name}` was replaced by a link");
    let found = format!("found a link to `{}`", plugin.dir.display());
    Err(Error::new(Class::Plugin, "plugin-changed", message)
        .cause(format!(
            "locked {}",
            entry.hashes.first().map_or("none", String::as_str)
        ))
        .cause(found)
        .hint(format!(
            "if you linked it, run `kt plugin link '{}' --force` to accept it",
            plugin.dir.display()
        )))
}

fn lock_first_use(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    hashes: &PluginHashes,
) -> Result<(), Error> {
    let mut entry = LockEntry::new(&manifest.name, &manifest.version, PluginTier::Locked);
    entry.hashes = vec![hashes.code.clone()];
    entry.manifest_hashes = vec![hashes.manifest.clone()];
    let transaction = LockTransaction::begin(&plugin.records.lock);
    let other = transaction.as_ref().ok();
    if let Some(entry) = other.and_then(|t| locked(&t.lock, manifest)) {
        // Another process locked it meanwhile.
        return compare(entry, &manifest.name, hashes);
    }
    let written = transaction.and_then(|mut transaction| {
        transaction.lock.insert(entry);
        transaction.write()
    });
    let (name, dir) = (&manifest.name, plugin.dir.display());
    let message = match written {
        Ok(()) => format!(
            "plugin `{name}` in `{dir}` was not installed by kt; its files are now locked: {}",
            hashes.code
        ),
        // A read-only configuration directory must not prevent the use of a plugin that
        // was never locked.
        Err(e) => format!("plugin `{name}` in `{dir}` is used without a lock: {e}"),
    };
    logging::record(log::WARN, "kt", &message, "");
    Ok(())
}

fn unreadable(plugin: &DiscoveredPlugin, reason: &io::Error) -> Error {
    let message = format!("the files of plugin `{}` cannot be read", plugin.name());
    Error::new(Class::Plugin, "plugin-broken", message).cause(reason)
}
