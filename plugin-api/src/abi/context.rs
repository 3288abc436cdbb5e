//! The context of an invocation or interface call, and providers opened through it.

use super::boundary::boundary_struct;
use super::{KtReply, KtSink, KtStr};
use std::ffi::c_void;

/// Options of one call of a provider (`kt_call_options`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Debug, Clone, Copy)]
pub struct KtCallOptions {
    /// Size of this struct in bytes, as known to the caller.
    pub size: u32,
    /// See [`super::call`].
    pub flags: u32,
    /// Deadline as Unix time in milliseconds; effective if it is earlier than that of
    /// the context; 0 = none.
    pub deadline_unix_ms: u64,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtCallOptions, "kt_call_options", deadline_unix_ms: u64);

/// A provider of an interface, as filled in by `open_provider` (`kt_provider`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtProvider {
    /// Size of this struct in bytes: as known to the caller before, the number of
    /// bytes that the host has filled in afterwards.
    pub size: u32,
    /// No flags are defined; 0.
    pub flags: u32,
    /// First argument of both functions.
    pub ctx: *mut c_void,
    /// Calls a method. The options may be null.
    pub call: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            method: KtStr,
            json: KtStr,
            options: *const KtCallOptions,
            reply: KtReply,
        ) -> i32,
    >,
    /// Releases the provider; no call of it may run or follow.
    pub close: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtProvider, "kt_provider", close: usize);

// SAFETY: the header guarantees that a provider may be called from any thread, until
// it is closed or the call returns that its context belongs to.
unsafe impl Send for KtProvider {}
// SAFETY: as above.
unsafe impl Sync for KtProvider {}

/// One invocation, or one interface call within it (`kt_context`): always the pointer
/// of the host, never a copy that is passed on.
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
    /// Returns a file descriptor that becomes readable when a signal cancels the
    /// call, or -1.
    pub cancel_fd: Option<unsafe extern "C" fn(ctx: *mut c_void) -> isize>,
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
    pub take_inherited_fd: Option<unsafe extern "C" fn(ctx: *mut c_void, name: KtSink) -> isize>,
    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    pub next: usize,
}
boundary_struct!(KtContext, "kt_context", take_inherited_fd: usize);

// SAFETY: the header guarantees that the functions of a context may be called
// from any thread until the call that it was passed to returns.
unsafe impl Sync for KtContext {}
// SAFETY: as above.
unsafe impl Send for KtContext {}
