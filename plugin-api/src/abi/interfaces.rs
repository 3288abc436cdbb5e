//! The vtables of interfaces: commands, and one generic call.

use super::boundary::boundary_struct;
use super::{KtContext, KtReply, KtSink, KtStr};
use std::ffi::c_void;

/// The vtable of `kt.command/1` (`kt_command_v1`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtCommandV1 {
    /// Size of this struct in bytes, as known to the plugin.
    pub size: u32,
    /// No flags are defined; 0.
    pub flags: u32,
    /// Runs a command.
    pub run: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            invocation: KtStr,
            context: *const KtContext,
        ) -> i32,
    >,
    /// Writes completions of an argument; optional.
    pub complete: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            request: KtStr,
            context: *const KtContext,
            values: KtSink,
        ) -> i32,
    >,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtCommandV1, "kt_command_v1", complete: usize);

/// The vtable of every other interface (`kt_interface_v1`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtInterfaceV1 {
    /// Size of this struct in bytes, as known to the plugin.
    pub size: u32,
    /// No flags are defined; 0.
    pub flags: u32,
    /// First argument of `call`.
    pub ctx: *mut c_void,
    /// Calls a method.
    pub call: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            method: KtStr,
            json: KtStr,
            context: *const KtContext,
            reply: KtReply,
        ) -> i32,
    >,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtInterfaceV1, "kt_interface_v1", call: usize);

// SAFETY: the header guarantees that `call` may be used from any thread.
unsafe impl Sync for KtInterfaceV1 {}
// SAFETY: as above.
unsafe impl Send for KtInterfaceV1 {}
