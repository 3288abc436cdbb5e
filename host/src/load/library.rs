//! The dynamic loader and the exported block: the only place where code of a
//! plugin is entered for the first time.

use kt_plugin_api::abi::{
    self, KtCommandV1, KtHost, KtInterfaceV1, KtPlugin, KtStr, LAYOUT_SYMBOL, LayoutExport, status,
};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_void};
use std::fs::File;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A loaded plugin. It is never unloaded: thread-locals of a Rust library make
/// that unsound.
pub(crate) struct Loaded {
    block: &'static KtPlugin,
    state: *mut c_void,
}

// SAFETY: the header promises that a plugin's functions may be called from any
// thread, and the state is only ever passed back to them.
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

/// An interface's vtable.
#[derive(Clone, Copy)]
pub(crate) enum Vtable {
    /// `kt.command/1`, with the plugin's state.
    Command(&'static KtCommandV1, *mut c_void),
    /// Any other.
    Interface(&'static KtInterfaceV1),
}

/// A library that is mapped, with its block found but not yet trusted.
pub(crate) struct Mapped {
    library: &'static Library,
    block: *const KtPlugin,
}

/// What the block says of itself; read before any of its functions is called.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) magic: [u8; 8],
    pub(crate) size: u32,
    pub(crate) major: u16,
    pub(crate) minor: u16,
    pub(crate) min_host_minor: u16,
}

/// Maps the library through the descriptor that was checked, and finds its
/// block.
///
/// # Errors
/// What the dynamic loader says, or that the symbol belongs to another object.
pub(crate) fn map(file: File, path: &Path) -> Result<Mapped, String> {
    let meta = file.metadata().map_err(|e| e.to_string())?;
    // The descriptor stays open for the life of the process: glibc knows
    // libraries by name, and would hand out this one for a reused number.
    let fd = file.as_raw_fd();
    let _leaked = file.into_raw_fd();
    // Elsewhere the loader takes no descriptors, and the path must do.
    let path = if cfg!(target_os = "linux") {
        format!("/proc/self/fd/{fd}")
    } else {
        path.display().to_string()
    };
    // SAFETY: the file was examined; a plugin's constructors are trusted as its
    // owner is, which the trust check has settled.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
    let library: &'static Library = Box::leak(Box::new(library.map_err(|e| reason(&e, &path))?));
    // SAFETY: only the address of the symbol is taken here.
    let symbol = unsafe { library.get::<*const KtPlugin>(abi::SYMBOL.as_bytes()) };
    let block = symbol
        .map_err(|_| format!("it does not export `{}`: it is no kt plugin", abi::SYMBOL))?
        .into_raw()
        .cast_const()
        .cast::<KtPlugin>();
    belongs_to(block.cast(), meta.dev(), meta.ino())?;
    Ok(Mapped { library, block })
}

fn reason(error: &libloading::Error, path: &str) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text.replace(&format!("{path}: "), "")
}

/// `dlsym` falls through to dependencies: the symbol must lie in this file.
fn belongs_to(address: *const c_void, dev: u64, ino: u64) -> Result<(), String> {
    // SAFETY: all zeroes is a valid value of this plain struct.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: `address` was returned by dlsym, and `info` is writable.
    if unsafe { libc::dladdr(address, &raw mut info) } == 0 || info.dli_fname.is_null() {
        return Err("the dynamic loader cannot say where its symbol lies".to_owned());
    }
    // SAFETY: dladdr returned a terminated name that lives as long as the object.
    let name = unsafe { CStr::from_ptr(info.dli_fname) }
        .to_string_lossy()
        .into_owned();
    let meta = std::fs::metadata(&name).map_err(|e| format!("{name}: {e}"))?;
    if (meta.dev(), meta.ino()) != (dev, ino) {
        return Err("its symbol belongs to another library".to_owned());
    }
    Ok(())
}

impl Mapped {
    /// The plain numbers at the start of the block, whatever its size.
    ///
    /// # Errors
    /// When the block is not the plugin's.
    pub(crate) fn identity(&self) -> Identity {
        // SAFETY: the symbol is in the library's own data; every kt plugin's
        // block is at least this long, and the magic is looked at first.
        let block = unsafe { &*self.block };
        if block.magic != abi::MAGIC {
            return Identity {
                magic: block.magic,
                size: 0,
                major: 0,
                minor: 0,
                min_host_minor: 0,
            };
        }
        Identity {
            magic: block.magic,
            size: block.size,
            major: block.abi_major,
            minor: block.abi_minor,
            min_host_minor: block.min_host_minor,
        }
    }

    /// Name and version, after magic, size and major version have passed.
    ///
    /// # Errors
    /// When a text cannot be read.
    pub(crate) fn name_and_version(&self) -> Result<(String, String), String> {
        // SAFETY: the caller has checked magic and size.
        let block = unsafe { &*self.block };
        let read = |text: KtStr| {
            // SAFETY: static text of the plugin, by the header's promise.
            unsafe { text.read() }
                .map(str::to_owned)
                .map_err(|e| format!("its block is damaged: {e}"))
        };
        Ok((read(block.name)?, read(block.version)?))
    }

    /// Compares the exported layout description, if there is one.
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
    /// When a function is missing, or `init` fails.
    pub(crate) fn init(self, host: &'static KtHost) -> Result<Loaded, String> {
        // SAFETY: every check of the block has passed.
        let block: &'static KtPlugin = unsafe { &*self.block };
        let (Some(init), Some(_)) = (block.init, block.get_interface) else {
            return Err("its block lacks `init` or `get_interface`".to_owned());
        };
        let mut state = std::ptr::null_mut();
        // SAFETY: a valid host that lives for ever, and a place for the state.
        match unsafe { init(host, &raw mut state) } {
            status::OK => Ok(Loaded { block, state }),
            code => Err(format!("its `init` failed with status {code}")),
        }
    }
}

impl Loaded {
    /// The vtable of an interface, if the plugin has it.
    pub(crate) fn interface(&self, id: &str) -> Option<Vtable> {
        let get = self.block.get_interface?;
        // SAFETY: the plugin's own state, and a text that outlives the call.
        let vtable = unsafe { get(self.state, KtStr::new(id)) };
        if vtable.is_null() {
            return None;
        }
        if id == abi::COMMAND_INTERFACE {
            // SAFETY: the header promises this type for this id, for good.
            return Some(Vtable::Command(unsafe { &*vtable.cast() }, self.state));
        }
        // SAFETY: the header promises this type for every other id, for good.
        Some(Vtable::Interface(unsafe { &*vtable.cast() }))
    }
}
