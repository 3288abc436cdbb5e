//! The order of checks from a found plugin to a loaded one.

use super::library::{Identity, Loaded, Mapped, map};
use super::{elf, verdict};
use crate::discovery::{Found, check_trust};
use crate::services::log::HOST;
use kt_plugin_api::manifest::Manifest;
use kt_plugin_api::{Class, Error, abi};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs::{File, Metadata};
use std::path::Path;

/// A library larger than this is refused.
const MAX_LIBRARY: u64 = 1 << 30;

/// Opens, checks, maps and initialises a plugin.
///
/// # Errors
/// Class `plugin`, naming the plugin and its path.
pub(crate) fn load(found: &Found, manifest: &Manifest, cache: &Path) -> Result<Loaded, Error> {
    let path = found.library().unwrap_or_default();
    let fail = |e: Error| attribute(e, &manifest.name, &path);
    let (file, meta) = open(&path).map_err(fail)?;
    check_embedded(found, &path, &file, &meta).map_err(fail)?;
    let mapped = map(file, &path).map_err(|why| fail(broken(&path, "cannot be loaded", &why)))?;
    check_block(&mapped.identity()).map_err(fail)?;
    check_identity(&mapped, manifest).map_err(fail)?;
    if mapped.identity().minor == abi::ABI_MINOR {
        verdict::layout(&mapped, &meta, cache)
            .map_err(|why| fail(broken(&path, "has another layout", &why)))?;
    }
    mapped
        .init(&HOST)
        .map_err(|why| fail(broken(&path, "cannot start", &why)))
}

fn open(path: &Path) -> Result<(File, Metadata), Error> {
    // Without blocking: a FIFO in place of the library would hang for ever.
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
    // An installer holds the lock exclusively while it writes the file.
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err() {
        return Err(
            broken(path, "is being written", "another process holds its lock")
                .hint("try again when the installation has finished"),
        );
    }
    Ok((file, meta))
}

fn check_embedded(found: &Found, path: &Path, file: &File, meta: &Metadata) -> Result<(), Error> {
    if cfg!(not(target_os = "linux")) {
        // The format is ELF's; other systems' loaders check their own.
        return Ok(());
    }
    let embedded = elf::examine(file, meta.len())
        .map_err(|why| broken(path, "is not usable", &why).hint("reinstall the plugin"))?;
    let beside = std::fs::read(found.dir.join("plugin.toml"))
        .map_err(|e| broken(path, "has no manifest", &e.to_string()))?;
    match embedded {
        Some(bytes) if bytes == beside => Ok(()),
        Some(_) => Err(broken(
            path,
            "does not fit its manifest",
            "`plugin.toml` differs from the one in the library",
        )
        .hint("reinstall the plugin, so that both come from the same build")),
        None => Err(broken(
            path,
            "has no embedded manifest",
            "the library carries no `.note.kt` section",
        )
        .hint("use `export_plugin!`, or `KT_EMBED_MANIFEST` in C")),
    }
}

fn check_block(id: &Identity) -> Result<(), Error> {
    let own = (abi::ABI_MAJOR, abi::ABI_MINOR);
    let incompatible = |why: String| Error::new(Class::Plugin, "plugin-incompatible", why);
    if id.magic != abi::MAGIC {
        return Err(incompatible(
            "its block does not begin with the magic of a kt plugin".to_owned(),
        ));
    }
    if id.major != own.0 {
        return Err(incompatible(format!(
            "it was built for plugin ABI {}.{}, and this kt speaks {}.{}",
            id.major, id.minor, own.0, own.1
        ))
        .hint("install a version of the plugin for this kt, or another kt"));
    }
    if id.size < abi::ENTRY_SIZE_1_0 || id.size > abi::ENTRY_SIZE_MAX {
        return Err(incompatible(format!("its block claims {} bytes", id.size)));
    }
    if id.min_host_minor > own.1 {
        return Err(incompatible(format!(
            "it needs plugin ABI {}.{} or later, and this kt speaks {}.{}",
            own.0, id.min_host_minor, own.0, own.1
        ))
        .hint("upgrade kt"));
    }
    Ok(())
}

fn check_identity(mapped: &Mapped, manifest: &Manifest) -> Result<(), Error> {
    let (name, version) = mapped
        .name_and_version()
        .map_err(|why| Error::new(Class::Plugin, "plugin-incompatible", why))?;
    if name != manifest.name || version != manifest.version {
        return Err(Error::new(
            Class::Plugin,
            "plugin-incompatible",
            format!(
                "the library is {name} {version}, its manifest says {} {}",
                manifest.name, manifest.version
            ),
        )
        .hint("reinstall the plugin"));
    }
    Ok(())
}

fn broken(path: &Path, what: &str, why: &str) -> Error {
    Error::new(
        Class::Plugin,
        "plugin-broken",
        format!("`{}` {what}", path.display()),
    )
    .cause(why)
}

/// Names the plugin and its path in front of whatever went wrong.
fn attribute(error: Error, name: &str, path: &Path) -> Error {
    let mut outer = Error::new(
        Class::Plugin,
        error.id.clone(),
        format!("plugin `{name}` (`{}`) cannot be used", path.display()),
    )
    .data("plugin", name)
    .data("path", path.display().to_string());
    outer.causes.push(error.message.clone());
    outer.causes.extend(error.causes.iter().cloned());
    outer.hints.extend(error.hints.iter().cloned());
    if outer.hints.is_empty() {
        outer
            .hints
            .push("run `kt doctor` for a check of every plugin".to_owned());
    }
    outer
}
