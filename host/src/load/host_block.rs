//! The host's block of functions, which every plugin receives in `init`.

use crate::logging;
use kt_plugin_api::abi::{self, KtHost, KtStr};
use std::ffi::c_void;

/// The host block; there is one for all plugins.
pub(super) static HOST: KtHost = KtHost {
    size: kt_plugin_api::sdk::export::size_u32::<KtHost>(),
    abi_major: abi::ABI_MAJOR,
    abi_minor: abi::ABI_MINOR,
    ctx: std::ptr::null_mut(),
    log: Some(log),
    log_max_level: Some(log_max_level),
};

unsafe extern "C" fn log_max_level(_: *mut c_void) -> u32 {
    logging::max_level()
}

unsafe extern "C" fn log(_: *mut c_void, level: u32, target: KtStr, message: KtStr, fields: KtStr) {
    // SAFETY: strings of the plugin, borrowed for the call; each is checked.
    let (target, message, fields) = unsafe { (target.read(), message.read(), fields.read()) };
    logging::record(
        level,
        target.unwrap_or("?"),
        message.unwrap_or("(invalid message)"),
        fields.unwrap_or_default(),
    );
}
