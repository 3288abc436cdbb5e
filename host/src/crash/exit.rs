//! Calls of `exit` by a plugin.
//!
//! `_exit` and the system call cannot be observed within the process; a plugin that is
//! isolated in a process of its own does not end the host.

use super::report::{Message, Report};
use super::{calls, culprit, journal};
use crate::terminal_mode;
use kt_plugin_api::Class;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

/// The process that installed the handler: a plugin may fork.
static PROCESS: AtomicI32 = AtomicI32::new(0);
/// The thread that installed it, which ends the process in an orderly way.
static MAIN_THREAD: AtomicUsize = AtomicUsize::new(0);

/// Installs the handler for the end of the process.
pub(super) fn install() {
    // SAFETY: it has no preconditions.
    PROCESS.store(unsafe { libc::getpid() }, Ordering::Relaxed);
    MAIN_THREAD.store(calls::current_thread(), Ordering::Relaxed);
    // SAFETY: the function is valid as long as the process.
    unsafe { libc::atexit(at_exit) };
}

extern "C" fn at_exit() {
    // SAFETY: it has no preconditions.
    if unsafe { libc::getpid() } != PROCESS.load(Ordering::Relaxed) {
        return;
    }
    let thread = calls::current_thread();
    let is_orderly = calls::innermost(thread).is_none();
    if is_orderly && thread == MAIN_THREAD.load(Ordering::Relaxed) {
        return;
    }
    // The address of a local variable is a position on the stack.
    let stack = (&raw const thread).addr();
    let Some(culprit) = culprit::find(0, stack) else {
        return;
    };
    let plugin = culprit.plugin;
    let mut message = Message::of(format_args!(
        "plugin `{}` {} called `exit`",
        plugin.name, plugin.version
    ));
    culprit.add_place(&mut message);
    let class = Class::Plugin;
    let code = i32::from(class.exit_code());
    let report = Report {
        id: "plugin-exited",
        class: class.name(),
        exit: code,
        message: &message,
        plugin: Some(plugin),
    };
    terminal_mode::restore();
    report.print();
    journal::record_crash(plugin);
    // SAFETY: the handlers that are not called yet were installed before the plugin.
    unsafe { libc::_exit(code) };
}
