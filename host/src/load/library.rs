//! The dynamic loader and the exported block: the first code of a plugin that runs is
//! called here.

use super::host_block::HostBlock;
use crate::crash::{self, PluginIdentity};
use kt_plugin_api::abi::{
    self, BoundaryStruct, COMMAND_INTERFACE, KtCommandV1, KtInterfaceV1, KtPlugin, KtStr,
    LAYOUT_SYMBOL, LayoutExport, StructError, status,
};
use kt_plugin_api::{Class, Error};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_void};
use std::fmt;
use std::fs::File;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A loaded plugin. It is never unloaded, because the thread-locals of a Rust library
/// make that unsound.
pub(crate) struct LoadedPlugin {
    identity: &'static PluginIdentity,
    block: KtPlugin,
    state: *mut c_void,
}

// SAFETY: the C header requires that the functions of a plugin may be called from any
// thread, and the state is only passed to them.
unsafe impl Send for LoadedPlugin {}
// SAFETY: as above.
unsafe impl Sync for LoadedPlugin {}

/// The functions of `kt.command/1`, with the state of the plugin.
pub(crate) struct CommandVtable {
    pub(crate) functions: KtCommandV1,
    pub(crate) state: *mut c_void,
}

/// A mapped library, whose block is located but not yet checked.
pub(crate) struct MappedLibrary {
    identity: &'static PluginIdentity,
    library: &'static Library,
    block: *const KtPlugin,
}

/// Why the functions of an interface cannot be used.
#[derive(Debug)]
pub(crate) enum VtableError {
    /// The plugin does not implement the interface, although its manifest says so.
    Missing,
    /// The struct of the plugin is invalid.
    Invalid(StructError),
}

impl fmt::Display for VtableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "it does not implement the interface, although its manifest declares it",
            ),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

/// Maps the library through the checked descriptor, and locates its block.
///
/// # Errors
/// The error of the dynamic loader, or that another object defines the symbol.
pub(super) fn map(
    file: File,
    path: &Path,
    identity: &'static PluginIdentity,
) -> Result<MappedLibrary, String> {
    let meta = file.metadata().map_err(|e| e.to_string())?;
    // The descriptor stays open for the lifetime of the process: glibc identifies
    // libraries by name, and would return this one for a reused number.
    let fd = file.as_raw_fd();
    let _leaked = file.into_raw_fd();
    // Other systems have no path for a descriptor.
    let path = if cfg!(target_os = "linux") {
        format!("/proc/self/fd/{fd}")
    } else {
        path.display().to_string()
    };
    let call = crash::enter(identity, format_args!("the constructors of its library"));
    // SAFETY: the file was checked; the constructors of a plugin are trusted as its
    // owner is, which the trust check has established.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
    drop(call);
    let library: &'static Library =
        Box::leak(Box::new(library.map_err(|e| loader_message(&e, &path))?));
    // SAFETY: only the address of the symbol is taken here.
    let symbol = unsafe { library.get::<*const KtPlugin>(abi::SYMBOL.as_bytes()) };
    let block = symbol
        .map_err(|_| {
            format!(
                "it does not export `{}`: it is not a kt plugin",
                abi::SYMBOL
            )
        })?
        .into_raw()
        .cast_const()
        .cast::<KtPlugin>();
    check_origin(block.cast(), meta.dev(), meta.ino())?;
    crash::record_library(identity, block.cast());
    Ok(MappedLibrary {
        identity,
        library,
        block,
    })
}

fn loader_message(error: &libloading::Error, path: &str) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text.replace(&format!("{path}: "), "")
}

/// Checks that this file defines the symbol: `dlsym` also searches dependencies.
fn check_origin(address: *const c_void, dev: u64, ino: u64) -> Result<(), String> {
    // SAFETY: all zeroes is a valid value of this plain struct.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: `address` was returned by dlsym, and `info` is writable.
    if unsafe { libc::dladdr(address, &raw mut info) } == 0 || info.dli_fname.is_null() {
        return Err("the dynamic loader cannot determine the file of its symbol".to_owned());
    }
    // SAFETY: dladdr returned a terminated name that lives as long as the object.
    let name = unsafe { CStr::from_ptr(info.dli_fname) }
        .to_string_lossy()
        .into_owned();
    let meta = std::fs::metadata(&name).map_err(|e| format!("{name}: {e}"))?;
    if (meta.dev(), meta.ino()) != (dev, ino) {
        return Err("another library defines its symbol".to_owned());
    }
    Ok(())
}

impl MappedLibrary {
    /// Returns the major and minor ABI version that the plugin was built with, if the
    /// magic is right and the block is large enough to contain them.
    pub(crate) fn abi_version(&self) -> Option<(u16, u16)> {
        let field = |offset: usize| {
            // SAFETY: the fields up to the versions are in the data of the library: the
            // magic is read first, and the versions only if the size includes them.
            unsafe { self.block.cast::<u8>().add(offset) }
        };
        // SAFETY: as above.
        let magic = unsafe { field(0).cast::<[u8; 8]>().read_unaligned() };
        if magic != abi::MAGIC {
            return None;
        }
        // SAFETY: as above.
        let size = unsafe {
            field(offset_of!(KtPlugin, size))
                .cast::<u32>()
                .read_unaligned()
        };
        if (size as usize) < offset_of!(KtPlugin, min_host_minor) {
            return Some((abi::ABI_MAJOR, 0));
        }
        let version = |offset| {
            // SAFETY: as above.
            unsafe { field(offset).cast::<u16>().read_unaligned() }
        };
        Some((
            version(offset_of!(KtPlugin, abi_major)),
            version(offset_of!(KtPlugin, abi_minor)),
        ))
    }

    /// Returns a copy of the block. The magic and the major version must be checked
    /// before.
    ///
    /// # Errors
    /// If its size is invalid, or it requires unknown flags.
    pub(crate) fn block(&self) -> Result<KtPlugin, StructError> {
        // SAFETY: the magic is that of a kt plugin, whose block is as large as it says.
        let block = unsafe { abi::read(self.block) }?;
        abi::check_flags::<KtPlugin>(block.flags, 0)?;
        Ok(block)
    }

    /// Compares the exported layout description, if the library has one.
    ///
    /// # Errors
    /// The differences.
    pub(crate) fn check_layout(&self) -> Result<(), String> {
        // SAFETY: only the address of the symbol is taken here.
        let symbol = unsafe {
            self.library
                .get::<*const LayoutExport>(LAYOUT_SYMBOL.as_bytes())
        };
        let Ok(symbol) = symbol else { return Ok(()) };
        // SAFETY: the symbol is a static of this type in a library that is
        // never unloaded; its header is checked before its function is called.
        let export: &'static LayoutExport = unsafe { &*symbol.into_raw().cast_const().cast() };
        let _call = crash::enter(self.identity, format_args!("its layout description"));
        export.check()
    }

    /// Calls `init`.
    ///
    /// # Errors
    /// If a function is missing, or `init` fails: its own error, or one that has the
    /// status.
    pub(crate) fn init(self, block: KtPlugin) -> Result<LoadedPlugin, Error> {
        let failed = |message: &str| Error::new(Class::Plugin, "plugin-failed", message);
        let (Some(init), Some(_)) = (block.init, block.get_interface) else {
            return Err(failed("its block lacks `init` or `get_interface`"));
        };
        #[cfg(feature = "next")]
        log_next(KtPlugin::NAME, block.next);
        let host = HostBlock::new();
        let mut state = std::ptr::null_mut();
        let call = crash::enter(self.identity, format_args!("its `init`"));
        // SAFETY: a block that is never freed, and a valid pointer for the state.
        let code = unsafe { init(host.block(), &raw mut state) };
        drop(call);
        match code {
            status::OK => Ok(LoadedPlugin {
                identity: self.identity,
                block,
                state,
            }),
            code => Err(host
                .take_error()
                .unwrap_or_else(|| failed(&format!("its `init` failed with status {code}")))),
        }
    }
}

/// Logs the field that the feature `next` appends.
#[cfg(feature = "next")]
fn log_next(name: &str, value: usize) {
    let level = kt_plugin_api::abi::log::INFO;
    crate::logging::record(level, "next", &format!("{name} {value}"), "");
}

/// Returns name and version of a block.
///
/// # Errors
/// If a string is invalid.
pub(super) fn name_and_version(block: &KtPlugin) -> Result<(String, String), String> {
    let read = |text: KtStr| {
        // SAFETY: a static string of the plugin, as the C header requires.
        unsafe { text.read() }
            .map(str::to_owned)
            .map_err(|e| format!("its block is invalid: {e}"))
    };
    Ok((read(block.name)?, read(block.version)?))
}

impl LoadedPlugin {
    /// Returns what reports say about the plugin.
    pub(crate) fn identity(&self) -> &'static PluginIdentity {
        self.identity
    }

    /// Returns the functions of `kt.command/1`.
    ///
    /// # Errors
    /// If the plugin has none, or they are invalid.
    pub(crate) fn command(&self) -> Result<CommandVtable, VtableError> {
        let functions: KtCommandV1 = self.vtable(COMMAND_INTERFACE, "")?;
        abi::check_flags::<KtCommandV1>(functions.flags, 0).map_err(VtableError::Invalid)?;
        Ok(CommandVtable {
            functions,
            state: self.state,
        })
    }

    /// Returns the functions of a provider.
    ///
    /// # Errors
    /// If the plugin does not have the provider, or they are invalid.
    pub(crate) fn provider(&self, id: &str, name: &str) -> Result<KtInterfaceV1, VtableError> {
        let functions: KtInterfaceV1 = self.vtable(id, name)?;
        abi::check_flags::<KtInterfaceV1>(functions.flags, 0).map_err(VtableError::Invalid)?;
        Ok(functions)
    }

    fn vtable<T: BoundaryStruct>(&self, id: &str, name: &str) -> Result<T, VtableError> {
        let get = self.block.get_interface.ok_or(VtableError::Missing)?;
        let call = crash::enter(self.identity, format_args!("its `get_interface`"));
        // SAFETY: the state of the plugin, and strings that outlive the call.
        let vtable = unsafe { get(self.state, KtStr::new(id), KtStr::new(name)) };
        drop(call);
        if vtable.is_null() {
            return Err(VtableError::Missing);
        }
        // SAFETY: the C header specifies the type for the id, and that the struct stays
        // valid.
        let vtable = unsafe { abi::read(vtable.cast::<T>()) }.map_err(VtableError::Invalid)?;
        #[cfg(feature = "next")]
        log_next(T::NAME, vtable.next());
        Ok(vtable)
    }

    /// Calls `shutdown` with a deadline as Unix time in milliseconds.
    ///
    /// # Safety
    /// No call of the plugin may run or follow.
    pub(crate) unsafe fn shut_down(&self, deadline: u64) {
        if let Some(shutdown) = self.block.shutdown {
            let _call = crash::enter(self.identity, format_args!("its `shutdown`"));
            // SAFETY: the state of the plugin; the caller guarantees the rest.
            unsafe { shutdown(self.state, deadline) };
        }
    }
}
