//! The exported block and what the host offers to a loaded plugin.

use super::KtStr;
use std::ffi::c_void;

/// What the host offers for as long as the plugin is loaded (`kt_host`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
pub struct KtHost {
    /// Bytes of this struct as the host knows it.
    pub size: u32,
    /// ABI major version of the host.
    pub abi_major: u16,
    /// ABI minor version of the host.
    pub abi_minor: u16,
    /// First argument of every function.
    pub ctx: *mut c_void,
    /// Takes a log record: level, target, message, fields as a JSON object.
    pub log: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            level: u32,
            target: KtStr,
            message: KtStr,
            fields: KtStr,
        ),
    >,
    /// The most verbose level that is wanted; 0 means none.
    pub log_max_level: Option<unsafe extern "C" fn(ctx: *mut c_void) -> u32>,
}

// SAFETY: the header promises that a host's functions may be called from any
// thread with its `ctx`.
unsafe impl Sync for KtHost {}
// SAFETY: as above.
unsafe impl Send for KtHost {}

/// The block behind the symbol `kt_plugin_v1` (`kt_plugin`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
pub struct KtPlugin {
    /// [`super::MAGIC`].
    pub magic: [u8; 8],
    /// Bytes of this struct as the plugin knows it.
    pub size: u32,
    /// ABI major version the plugin was built with.
    pub abi_major: u16,
    /// ABI minor version the plugin was built with.
    pub abi_minor: u16,
    /// The lowest host minor the plugin can work with.
    pub min_host_minor: u16,
    /// 0.
    pub reserved0: u16,
    /// No flags are defined yet.
    pub flags: u32,
    /// Must equal the manifest's `name`.
    pub name: KtStr,
    /// Must equal the manifest's `version`.
    pub version: KtStr,
    /// Called once, before anything else; stores the plugin's state.
    pub init: Option<unsafe extern "C" fn(host: *const KtHost, state: *mut *mut c_void) -> i32>,
    /// Called once, after the last call.
    pub shutdown: Option<unsafe extern "C" fn(state: *mut c_void)>,
    /// The vtable of an interface, or null.
    pub get_interface: Option<unsafe extern "C" fn(state: *mut c_void, id: KtStr) -> *const c_void>,
}

// SAFETY: the block is immutable, and the texts it points to are static.
unsafe impl Sync for KtPlugin {}
