//! Loads a plugin: the checks, and their order.

use super::layout_cache;
use super::library::{LoadedPlugin, MappedLibrary, map, name_and_version};
use crate::crash;
use crate::discovery::PluginManifest;
use crate::discovery::{DiscoveredPlugin, MANIFEST, PluginSource, check_trust};
use crate::plugin_lock;
use kt_plugin_api::abi::KtPlugin;
use kt_plugin_api::manifest::PluginKind;
use kt_plugin_api::{Class, Error, abi};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs::{File, Metadata};
use std::path::Path;

/// The maximum size of a library.
const MAX_LIBRARY: u64 = 1 << 30;

/// Opens, checks, maps and initializes a plugin.
///
/// # Errors
/// Class `plugin`, naming the plugin and its path.
pub(crate) fn load(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    cache: &Path,
) -> Result<LoadedPlugin, Error> {
    let path = plugin.library().unwrap_or_default();
    let fail = |e: Error| attributed(e, manifest, &path);
    let (file, meta) = check_files(plugin, manifest)?;
    plugin_lock::check_at_load(plugin, manifest, &file, cache)?;
    let identity = crash::register(manifest, &plugin.records.journal);
    let mapped =
        map(file, &path, identity).map_err(|e| fail(broken(&path, "cannot be loaded", &e)))?;
    let block = check_block(&mapped).map_err(fail)?;
    check_identity(&block, manifest).map_err(fail)?;
    if block.abi_minor == abi::ABI_MINOR {
        layout_cache::check(&mapped, &meta, cache)
            .map_err(|e| fail(broken(&path, "has an incompatible layout", &e)))?;
    }
    mapped
        .init(block)
        .map_err(|e| fail(not_initialized(&path, e)))
}

/// Runs the checks of the files of a plugin. They execute none of its code. Returns the
/// open library.
///
/// # Errors
/// Class `plugin`, naming the plugin and its path.
pub(crate) fn check_files(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
) -> Result<(File, Metadata), Error> {
    let path = plugin.library().unwrap_or_default();
    let fail = |e: Error| attributed(e, manifest, &path);
    check_link(plugin, &path).map_err(fail)?;
    let (file, meta) = open(&path).map_err(fail)?;
    if manifest.kind == PluginKind::Library {
        check_manifest(plugin, &path, &file, &meta).map_err(fail)?;
    }
    Ok((file, meta))
}

/// Refuses a library that is a link to another directory: the trust check and the hash
/// are about the directory of the plugin. Package managers link the files of the system.
fn check_link(plugin: &DiscoveredPlugin, path: &Path) -> Result<(), Error> {
    let of_installation = matches!(plugin.source, PluginSource::Bundled | PluginSource::System);
    let is_link = path.symlink_metadata().is_ok_and(|m| m.is_symlink());
    if of_installation || !is_link {
        return Ok(());
    }
    let missing = |e: std::io::Error| broken(path, "cannot be opened", &e.to_string());
    let target = path.canonicalize().map_err(missing)?;
    let dir = plugin.dir.canonicalize().map_err(missing)?;
    if target.starts_with(&dir) {
        return Ok(());
    }
    let reason = format!(
        "it is a link out of its directory, to `{}`",
        target.display()
    );
    Err(broken(path, "is not usable", &reason).hint(format!(
        "run `kt plugin link '{}'` for a plugin in development",
        target.parent().unwrap_or(&target).display()
    )))
}

fn open(path: &Path) -> Result<(File, Metadata), Error> {
    // Opening a FIFO must not block.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| {
        broken(path, "cannot be opened", &e.to_string()).hint("reinstall the plugin")
    })?;
    let file = File::from(fd);
    let meta = file
        .metadata()
        .map_err(|e| broken(path, "cannot be read", &e.to_string()))?;
    if !meta.is_file() {
        return Err(broken(path, "is not usable", "it is not a regular file"));
    }
    if meta.len() > MAX_LIBRARY {
        return Err(broken(path, "is not usable", "it is larger than 1 GiB"));
    }
    check_trust(path, &meta)?;
    // An installer holds an exclusive lock while it writes the file.
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err() {
        return Err(
            broken(path, "is being written", "another process holds its lock")
                .hint("try again when the installation is complete"),
        );
    }
    Ok((file, meta))
}

fn check_manifest(
    plugin: &DiscoveredPlugin,
    path: &Path,
    file: &File,
    meta: &Metadata,
) -> Result<(), Error> {
    #[cfg(not(target_os = "macos"))]
    use super::elf::read_manifest;
    #[cfg(target_os = "macos")]
    use super::macho::read_manifest;
    let embedded = read_manifest(file, meta.len())
        .map_err(|e| broken(path, "is not usable", &e).hint("reinstall the plugin"))?;
    let beside = std::fs::read(plugin.dir.join(MANIFEST))
        .map_err(|e| broken(path, "has no manifest", &e.to_string()))?;
    match embedded {
        Some(bytes) if bytes == beside => Ok(()),
        Some(_) => Err(broken(
            path,
            "does not match its manifest",
            "`plugin.toml` differs from the one in the library",
        )
        .hint("reinstall the plugin")),
        None => Err(broken(
            path,
            "has no embedded manifest",
            "the library has no `.note.kt` section",
        )
        .hint("use `export_plugin!`, or `KT_EMBED_MANIFEST` in C")),
    }
}

fn check_block(mapped: &MappedLibrary) -> Result<KtPlugin, Error> {
    let host = (abi::ABI_MAJOR, abi::ABI_MINOR);
    let incompatible = |message: String| Error::new(Class::Plugin, "plugin-incompatible", message);
    let Some((major, minor)) = mapped.abi_version() else {
        return Err(incompatible(
            "its block does not begin with the magic bytes of a kt plugin".to_owned(),
        ));
    };
    if major != host.0 {
        return Err(incompatible(format!(
            "it was built for plugin ABI {major}.{minor}, and this version of kt supports {}.{}",
            host.0, host.1
        ))
        .hint("install a matching version of the plugin or of kt"));
    }
    let block = mapped.block().map_err(|e| incompatible(e.to_string()))?;
    if block.min_host_minor > host.1 {
        return Err(incompatible(format!(
            "it requires plugin ABI {}.{} or later, and this version of kt supports {}.{}",
            host.0, block.min_host_minor, host.0, host.1
        ))
        .hint("upgrade kt"));
    }
    Ok(block)
}

fn check_identity(block: &KtPlugin, manifest: &PluginManifest) -> Result<(), Error> {
    let (name, version) =
        name_and_version(block).map_err(|e| Error::new(Class::Plugin, "plugin-incompatible", e))?;
    if name != manifest.name || version != manifest.version {
        return Err(Error::new(
            Class::Plugin,
            "plugin-incompatible",
            format!(
                "the library is {name} {version}, but its manifest is for {} {}",
                manifest.name, manifest.version
            ),
        )
        .hint("reinstall the plugin"));
    }
    Ok(())
}

pub(super) fn broken(path: &Path, what: &str, reason: &str) -> Error {
    Error::new(
        Class::Plugin,
        "plugin-broken",
        format!("`{}` {what}", path.display()),
    )
    .cause(reason)
}

/// Keeps the class and the message of an error that `init` reported.
fn not_initialized(path: &Path, error: Error) -> Error {
    let mut outer = broken(path, "cannot be initialized", &error.message);
    outer.id.clone_from(&error.id);
    outer.causes.extend(error.causes.iter().cloned());
    outer.hints.extend(error.hints.iter().cloned());
    outer
}

/// Names the plugin, its version and its path in an error that does not.
pub(crate) fn attributed(error: Error, manifest: &PluginManifest, path: &Path) -> Error {
    if error.class != Class::Plugin || error.data.contains_key("plugin") {
        return error;
    }
    let mut outer = Error::new(
        Class::Plugin,
        error.id.clone(),
        format!(
            "plugin `{}` {} (`{}`) cannot be used",
            manifest.name,
            manifest.version,
            path.display()
        ),
    );
    outer.causes.push(error.message.clone());
    outer.causes.extend(error.causes.iter().cloned());
    outer.hints.extend(error.hints.iter().cloned());
    if outer.hints.is_empty() {
        outer
            .hints
            .push("run `kt doctor` to check every plugin".to_owned());
    }
    outer.data.clone_from(&error.data);
    outer
        .data("plugin", manifest.name.clone())
        .data("version", manifest.version.clone())
        .data("path", path.display().to_string())
}
