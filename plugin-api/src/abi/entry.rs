//! The exported block, and the functions of the host for a loaded plugin.

use super::boundary::boundary_struct;
use super::{KtStr, MAGIC};
use std::ffi::c_void;

/// Functions of the host for one plugin, valid while the plugin is loaded (`kt_host`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtHost {
    /// Size of this struct in bytes, as known to the host.
    pub size: u32,
    /// ABI major version of the host.
    pub abi_major: u16,
    /// ABI minor version of the host.
    pub abi_minor: u16,
    /// First argument of every function.
    pub ctx: *mut c_void,
    /// Logs a record: level, target, message, and fields as a JSON object.
    pub log: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            level: u32,
            target: KtStr,
            message: KtStr,
            fields: KtStr,
        ),
    >,
    /// Returns the most verbose enabled level; 0 means that logging is off.
    pub log_max_level: Option<unsafe extern "C" fn(ctx: *mut c_void) -> u32>,
    /// Reports the error object of a failing `init`.
    pub fail: Option<unsafe extern "C" fn(ctx: *mut c_void, error: KtStr)>,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtHost, "kt_host", fail: usize);

// SAFETY: the header guarantees that the functions of the host may be called from
// any thread with its `ctx`.
unsafe impl Sync for KtHost {}
// SAFETY: as above.
unsafe impl Send for KtHost {}

/// The block behind the symbol `kt_plugin_v1` (`kt_plugin`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtPlugin {
    /// [`super::MAGIC`].
    pub magic: [u8; 8],
    /// Size of this struct in bytes, as known to the plugin.
    pub size: u32,
    /// ABI major version that the plugin was built with.
    pub abi_major: u16,
    /// ABI minor version that the plugin was built with.
    pub abi_minor: u16,
    /// The lowest minor version of the host that the plugin supports.
    pub min_host_minor: u16,
    /// 0.
    pub reserved0: u16,
    /// No flags are defined; 0.
    pub flags: u32,
    /// Must equal the manifest's `name`.
    pub name: KtStr,
    /// Must equal the manifest's `version`.
    pub version: KtStr,
    /// Called once, before any other function; stores the state of the plugin.
    pub init: Option<unsafe extern "C" fn(host: *const KtHost, state: *mut *mut c_void) -> i32>,
    /// Called at most once, at the orderly end of the process, after the last call,
    /// with a deadline as Unix time in milliseconds; optional.
    pub shutdown: Option<unsafe extern "C" fn(state: *mut c_void, deadline_unix_ms: u64)>,
    /// Returns the vtable of a provider of an interface, or null. The name is empty
    /// for `kt.command/1`.
    pub get_interface:
        Option<unsafe extern "C" fn(state: *mut c_void, id: KtStr, name: KtStr) -> *const c_void>,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtPlugin, "kt_plugin", get_interface: usize, size at size_of_val(&MAGIC));

// SAFETY: the block is immutable and its texts are static.
unsafe impl Sync for KtPlugin {}
// SAFETY: as above.
unsafe impl Send for KtPlugin {}
