//! The host's block of functions, which a plugin receives in `init`.

use crate::crash;
use crate::logging;
use kt_plugin_api::Error;
use kt_plugin_api::abi::{self, KtHost, KtStr};
use std::ffi::c_void;
use std::sync::Mutex;

/// The block of one plugin. It is never freed, because the plugin may use it as long
/// as the process runs.
pub(super) struct HostBlock {
    block: KtHost,
    /// The error that `init` reported.
    error: Mutex<Option<Error>>,
}

impl HostBlock {
    pub(super) fn new() -> &'static Self {
        let new = Box::leak(Box::new(Self {
            block: KtHost {
                abi_major: abi::ABI_MAJOR,
                abi_minor: abi::ABI_MINOR,
                ctx: std::ptr::null_mut(),
                log: Some(log),
                log_max_level: Some(log_max_level),
                fail: Some(fail),
                ..KtHost::EMPTY
            },
            error: Mutex::default(),
        }));
        new.block.ctx = std::ptr::from_mut(new).cast();
        new
    }

    /// Returns the struct for the plugin.
    pub(super) fn block(&'static self) -> *const KtHost {
        &raw const self.block
    }

    /// Returns the error that `init` reported.
    pub(super) fn take_error(&self) -> Option<Error> {
        self.error.lock().ok()?.take()
    }
}

unsafe extern "C" fn log_max_level(_: *mut c_void) -> u32 {
    logging::max_level()
}

unsafe extern "C" fn log(_: *mut c_void, level: u32, target: KtStr, message: KtStr, fields: KtStr) {
    let _in_host = crash::enter_host();
    // SAFETY: strings of the plugin, borrowed for the call; each is checked.
    let (target, message, fields) = unsafe { (target.read(), message.read(), fields.read()) };
    logging::record(
        level,
        target.unwrap_or("?"),
        message.unwrap_or("(invalid message)"),
        fields.unwrap_or_default(),
    );
}

unsafe extern "C" fn fail(ctx: *mut c_void, error: KtStr) {
    let _in_host = crash::enter_host();
    // SAFETY: the block of `new`, which is never freed, and a string of the plugin that
    // is borrowed for the call.
    let (host, json) = unsafe { (&*ctx.cast_const().cast::<HostBlock>(), error.read()) };
    let parsed = serde_json::from_str(json.unwrap_or_default());
    if let (Ok(parsed), Ok(mut error)) = (parsed, host.error.lock()) {
        *error = Some(parsed);
    }
}
