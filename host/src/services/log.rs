//! Takes the log records of plugins.

use crate::supervision;
use kt_plugin_api::abi::{self, KtHost, KtStr, log};
use std::ffi::c_void;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

static MAX_LEVEL: AtomicU32 = AtomicU32::new(log::WARN);

/// The one host block, handed to every plugin.
pub(crate) static HOST: KtHost = KtHost {
    size: kt_plugin_api::sdk::export::size_u32::<KtHost>(),
    abi_major: abi::ABI_MAJOR,
    abi_minor: abi::ABI_MINOR,
    ctx: std::ptr::null_mut(),
    log: Some(take),
    log_max_level: Some(max_level),
};

/// Sets the most verbose level that is shown.
pub(crate) fn set_max_level(level: u32) {
    MAX_LEVEL.store(level, Ordering::Relaxed);
}

/// The level of a name.
pub(crate) fn level_of(name: &str) -> Option<u32> {
    Some(match name.to_ascii_lowercase().as_str() {
        "off" => 0,
        "error" => log::ERROR,
        "warn" => log::WARN,
        "info" => log::INFO,
        "debug" => log::DEBUG,
        "trace" => log::TRACE,
        _ => return None,
    })
}

/// Shows a record of the host or a plugin.
pub(crate) fn record(level: u32, target: &str, message: &str, fields: &str) {
    if level > MAX_LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let word = match level {
        log::ERROR => "error",
        log::WARN => "warn",
        log::INFO => "info",
        log::DEBUG => "debug",
        _ => "trace",
    };
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!(" {fields}")
    };
    if !supervision::log_line(word, target, &format!("{message}{fields}"), None) {
        return;
    }
    // One write, so that lines of several threads do not mix. Nobody can be
    // told when the talk stream is gone.
    let line = format!("{word} {target}: {message}{fields}\n");
    drop(std::io::stderr().write_all(line.as_bytes()));
}

unsafe extern "C" fn max_level(_: *mut c_void) -> u32 {
    MAX_LEVEL.load(Ordering::Relaxed)
}

unsafe extern "C" fn take(
    _: *mut c_void,
    level: u32,
    target: KtStr,
    message: KtStr,
    fields: KtStr,
) {
    // SAFETY: texts of the plugin, borrowed for the call; each is checked.
    let (target, message, fields) = unsafe { (target.read(), message.read(), fields.read()) };
    let target = target.unwrap_or("?");
    record(
        level,
        target,
        message.unwrap_or("(unreadable message)"),
        fields.unwrap_or_default(),
    );
}
