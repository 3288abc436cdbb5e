//! The dynamic loader and the exported block: the first code of a plugin that runs is
//! called here.

use kt_plugin_api::abi::{
    self, KtCommandV1, KtHost, KtInterfaceV1, KtPlugin, KtStr, LAYOUT_SYMBOL, LayoutExport, status,
};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_void};
use std::fs::File;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A loaded plugin. It is never unloaded, because the thread-locals of a Rust library
/// make that unsound.
pub(crate) struct LoadedPlugin {
    block: &'static KtPlugin,
    state: *mut c_void,
}

// SAFETY: the C header requires that the functions of a plugin may be called from any
// thread, and the state is only passed to them.
unsafe impl Send for LoadedPlugin {}
// SAFETY: as above.
unsafe impl Sync for LoadedPlugin {}

/// The vtable of an interface.
#[derive(Clone, Copy)]
pub(crate) enum Vtable {
    /// `kt.command/1`, with the state of the plugin.
    Command(&'static KtCommandV1, *mut c_void),
    /// Any other interface.
    Interface(&'static KtInterfaceV1),
}

/// A mapped library, whose block is located but not yet checked.
pub(crate) struct MappedLibrary {
    library: &'static Library,
    block: *const KtPlugin,
}

/// The header of the block, which is checked before any of its functions is called.
#[derive(Debug, Clone)]
pub(crate) struct BlockHeader {
    pub(crate) magic: [u8; 8],
    pub(crate) size: u32,
    pub(crate) major: u16,
    pub(crate) minor: u16,
    pub(crate) min_host_minor: u16,
}

/// Maps the library through the checked descriptor, and locates its block.
///
/// # Errors
/// The error of the dynamic loader, or that another object defines the symbol.
pub(super) fn map(file: File, path: &Path) -> Result<MappedLibrary, String> {
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
    // SAFETY: the file was checked; the constructors of a plugin are trusted as its
    // owner is, which the trust check has established.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
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
    Ok(MappedLibrary { library, block })
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
    /// Returns the header of the block; zeros after a wrong magic.
    pub(crate) fn header(&self) -> BlockHeader {
        // SAFETY: the symbol is in the data of the library; the block of every kt
        // plugin has at least this size, and the magic is read first.
        let block = unsafe { &*self.block };
        if block.magic != abi::MAGIC {
            return BlockHeader {
                magic: block.magic,
                size: 0,
                major: 0,
                minor: 0,
                min_host_minor: 0,
            };
        }
        BlockHeader {
            magic: block.magic,
            size: block.size,
            major: block.abi_major,
            minor: block.abi_minor,
            min_host_minor: block.min_host_minor,
        }
    }

    /// Returns name and version; magic, size and major version must be checked
    /// before.
    ///
    /// # Errors
    /// If a string is invalid.
    pub(crate) fn name_and_version(&self) -> Result<(String, String), String> {
        // SAFETY: the caller has checked magic and size.
        let block = unsafe { &*self.block };
        let read = |text: KtStr| {
            // SAFETY: a static string of the plugin, as the C header requires.
            unsafe { text.read() }
                .map(str::to_owned)
                .map_err(|e| format!("its block is invalid: {e}"))
        };
        Ok((read(block.name)?, read(block.version)?))
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
        export.check()
    }

    /// Calls `init`.
    ///
    /// # Errors
    /// If a function is missing, or `init` fails.
    pub(crate) fn init(self, host: &'static KtHost) -> Result<LoadedPlugin, String> {
        // SAFETY: all checks of the block have passed.
        let block: &'static KtPlugin = unsafe { &*self.block };
        let (Some(init), Some(_)) = (block.init, block.get_interface) else {
            return Err("its block lacks `init` or `get_interface`".to_owned());
        };
        let mut state = std::ptr::null_mut();
        // SAFETY: a valid static host block, and a valid pointer for the state.
        match unsafe { init(host, &raw mut state) } {
            status::OK => Ok(LoadedPlugin { block, state }),
            code => Err(format!("its `init` failed with status {code}")),
        }
    }
}

impl LoadedPlugin {
    /// Returns the vtable of an interface, if the plugin implements it.
    pub(crate) fn interface(&self, id: &str) -> Option<Vtable> {
        let get = self.block.get_interface?;
        // SAFETY: the state of the plugin, and a string that outlives the call.
        let vtable = unsafe { get(self.state, KtStr::new(id)) };
        if vtable.is_null() {
            return None;
        }
        if id == abi::COMMAND_INTERFACE {
            // SAFETY: the C header specifies this static type for this id.
            return Some(Vtable::Command(unsafe { &*vtable.cast() }, self.state));
        }
        // SAFETY: the C header specifies this static type for every other id.
        Some(Vtable::Interface(unsafe { &*vtable.cast() }))
    }
}
