//! The context of an invocation or interface call.

use super::{KtReply, KtSink, KtStr};
use std::ffi::c_void;

/// A provider of an interface, as returned by `open_provider` (`kt_provider`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtProvider {
    /// Size of this struct in bytes, as known to its reader.
    pub size: u32,
    /// 0.
    pub reserved0: u32,
    /// First argument of `call`.
    pub ctx: *mut c_void,
    /// Calls a method. The context is a [`KtContext`]; it is passed untyped
    /// because the two structs would otherwise refer to each other.
    pub call: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            method: KtStr,
            json: KtStr,
            context: *const c_void,
            reply: KtReply,
        ) -> i32,
    >,
}

/// One invocation, or one interface call within it (`kt_context`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtContext {
    /// Size of this struct in bytes, as known to the host.
    pub size: u32,
    /// No flags are defined; 0.
    pub flags: u32,
    /// First argument of every function.
    pub ctx: *mut c_void,
    /// Deadline of the call as Unix time in milliseconds; 0 = none.
    pub deadline_unix_ms: u64,
    /// Returns the reason of the cancellation, or 0; see [`super::cancel`].
    pub cancelled: Option<unsafe extern "C" fn(ctx: *mut c_void) -> i32>,
    /// Returns a file descriptor that becomes readable on cancellation, or -1.
    pub cancel_fd: Option<unsafe extern "C" fn(ctx: *mut c_void) -> i32>,
    /// Returns the number of reload requests received so far.
    pub reload_count: Option<unsafe extern "C" fn(ctx: *mut c_void) -> u64>,
    /// Emits a result, event, progress message or warning; see [`super::emit`].
    pub emit: Option<unsafe extern "C" fn(ctx: *mut c_void, kind: u32, json: KtStr) -> i32>,
    /// Reports the error object of a failed command.
    pub fail: Option<unsafe extern "C" fn(ctx: *mut c_void, error: KtStr)>,
    /// Prompts the user and writes the answer to the sink.
    pub prompt:
        Option<unsafe extern "C" fn(ctx: *mut c_void, question: KtStr, answer: KtSink) -> i32>,
    /// Writes the providers of an interface as a JSON array.
    pub list_providers:
        Option<unsafe extern "C" fn(ctx: *mut c_void, id: KtStr, sink: KtSink) -> i32>,
    /// Opens a provider of an interface; an empty name selects the best available
    /// one.
    pub open_provider: Option<
        unsafe extern "C" fn(ctx: *mut c_void, id: KtStr, name: KtStr, out: *mut KtProvider) -> i32,
    >,
    /// Takes the next file descriptor that the service manager passed to the
    /// process and writes its name to the sink; -1 if there is none left.
    pub take_inherited_fd: Option<unsafe extern "C" fn(ctx: *mut c_void, name: KtSink) -> i32>,
}

// SAFETY: the header guarantees that the functions of a context may be called
// from any thread until the call that it was passed to returns.
unsafe impl Sync for KtContext {}
// SAFETY: as above.
unsafe impl Send for KtContext {}
