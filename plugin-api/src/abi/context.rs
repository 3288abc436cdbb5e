//! One invocation or interface call, and the providers it can reach.

use super::{KtReply, KtSink, KtStr};
use std::ffi::c_void;

/// A provider of an interface, as `open` hands it out (`kt_provider`).
#[repr(C)]
#[cfg_attr(feature = "layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct KtProvider {
    /// Bytes of this struct as its reader knows it.
    pub size: u32,
    /// 0.
    pub reserved0: u32,
    /// First argument of `call`.
    pub ctx: *mut c_void,
    /// Calls a method. The context is a [`KtContext`]; it is passed untyped
    /// because the two structs would otherwise contain one another.
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
    /// Bytes of this struct as the host knows it.
    pub size: u32,
    /// No flags are defined yet.
    pub flags: u32,
    /// First argument of every function.
    pub ctx: *mut c_void,
    /// Unix time in milliseconds after which the call is pointless; 0 = none.
    pub deadline_unix_ms: u64,
    /// Why the call should end, or 0; see [`super::cancel`].
    pub cancelled: Option<unsafe extern "C" fn(ctx: *mut c_void) -> i32>,
    /// A descriptor that is readable from cancellation on, or -1.
    pub cancel_fd: Option<unsafe extern "C" fn(ctx: *mut c_void) -> i32>,
    /// How many reload requests have come so far.
    pub reload_count: Option<unsafe extern "C" fn(ctx: *mut c_void) -> u64>,
    /// Hands a result, event, progress or warning to the host; see [`super::emit`].
    pub emit: Option<unsafe extern "C" fn(ctx: *mut c_void, kind: u32, json: KtStr) -> i32>,
    /// Hands over the error object of a failing command.
    pub fail: Option<unsafe extern "C" fn(ctx: *mut c_void, error: KtStr)>,
    /// Asks the person; the answer goes into the sink.
    pub prompt:
        Option<unsafe extern "C" fn(ctx: *mut c_void, question: KtStr, answer: KtSink) -> i32>,
    /// Lists the providers of an interface as a JSON array.
    pub list_providers:
        Option<unsafe extern "C" fn(ctx: *mut c_void, id: KtStr, sink: KtSink) -> i32>,
    /// Opens a provider of an interface; an empty name means the best that fits.
    pub open_provider: Option<
        unsafe extern "C" fn(ctx: *mut c_void, id: KtStr, name: KtStr, out: *mut KtProvider) -> i32,
    >,
    /// Takes the next descriptor that a service manager passed to the process,
    /// each only once, or -1; its name goes into the sink.
    pub take_inherited_fd: Option<unsafe extern "C" fn(ctx: *mut c_void, name: KtSink) -> i32>,
}

// SAFETY: the header promises that a context's functions may be called from
// any thread while the call that it was passed to lasts.
unsafe impl Sync for KtContext {}
// SAFETY: as above.
unsafe impl Send for KtContext {}
