//! Log records by level.

use super::file;
use kt_plugin_api::abi::log;
use kt_plugin_api::printable;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

static MAX_LEVEL: AtomicU32 = AtomicU32::new(log::WARN);

type Sink = Box<dyn Fn(u32, &str, &str, &str) + Send + Sync>;

/// Receives the records instead of standard error and the file.
static REDIRECTED: OnceLock<Sink> = OnceLock::new();

/// Passes every later record to `sink`: its level, target, message and fields.
pub(crate) fn redirect(sink: impl Fn(u32, &str, &str, &str) + Send + Sync + 'static) {
    drop(REDIRECTED.set(Box::new(sink)));
}

/// Sets the most verbose level that is logged.
pub(crate) fn set_max_level(level: u32) {
    MAX_LEVEL.store(level, Ordering::Relaxed);
}

/// Returns the most verbose level that is logged.
pub(crate) fn max_level() -> u32 {
    MAX_LEVEL.load(Ordering::Relaxed)
}

/// Parses the name of a level.
pub(crate) fn level_from_name(name: &str) -> Option<u32> {
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

/// Returns the name of a level; unknown ones are more verbose than those that are known.
pub(crate) fn level_name(level: u32) -> &'static str {
    match level {
        0 => "off",
        log::ERROR => "error",
        log::WARN => "warn",
        log::INFO => "info",
        log::DEBUG => "debug",
        _ => "trace",
    }
}

/// Logs a record of the host or a plugin, if its level is enabled.
pub(crate) fn record(level: u32, target: &str, message: &str, fields: &str) {
    if level > max_level() {
        return;
    }
    if let Some(sink) = REDIRECTED.get() {
        return sink(level, target, message, fields);
    }
    let name = level_name(level);
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!(" {fields}")
    };
    if !file::append(name, target, &format!("{message}{fields}"), None) {
        return;
    }
    // One write, so that lines of several threads do not interleave. A failure
    // to write to standard error cannot be reported anywhere.
    let line = format!(
        "{name} {target}: {}{}\n",
        printable(message),
        printable(&fields)
    );
    drop(std::io::stderr().write_all(line.as_bytes()));
}
