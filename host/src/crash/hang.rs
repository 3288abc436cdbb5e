//! Calls of plugins that do not return: after the second signal, and after a deadline.

use super::calls::{self, CallGuard, RunningCall};
use super::identity::PluginIdentity;
use super::journal;
use super::report::{Message, Report};
use super::waker;
use crate::clock::unix_ms;
use crate::logging;
use crate::process;
use crate::terminal_mode;
use kt_plugin_api::Class;
use kt_plugin_api::abi::log;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// What happens to a call that does not return after its deadline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HangPolicy {
    /// The time after the deadline, or after the plugin last called the host.
    pub(crate) grace: Duration,
    /// Whether the process ends then. Otherwise the call is logged.
    pub(crate) ends_process: bool,
    /// What a signal that cancels the command does to it.
    pub(crate) after_signal: SignalPolicy,
}

/// What happens to a command that a signal has cancelled and that does not return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalPolicy {
    /// The process ends after this time: there is nothing to undo.
    EndsAfter(Duration),
    /// The process ends when the plugin has not called the host for this time: it may undo
    /// what it did.
    EndsIfSilent(Duration),
    /// A second signal ends the process.
    Waits,
}

/// Whether calls without a deadline are limited.
static LIMIT_ALL: AtomicBool = AtomicBool::new(false);
/// When that thread wakes by itself, as Unix time in milliseconds.
static NEXT_CHECK: AtomicU64 = AtomicU64::new(0);
/// When a signal cancelled the command, as Unix time in milliseconds; 0 if none has.
static SIGNALLED: AtomicU64 = AtomicU64::new(0);
/// That signal.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Records that this thread calls the plugin; `what` completes "in …".
pub(crate) fn enter(plugin: &'static PluginIdentity, what: fmt::Arguments<'_>) -> CallGuard {
    enter_until(plugin, 0, what)
}

/// The same for a call with a deadline, a Unix time in milliseconds; 0 for none.
pub(crate) fn enter_until(
    plugin: &'static PluginIdentity,
    deadline: u64,
    what: fmt::Arguments<'_>,
) -> CallGuard {
    let deadline = match deadline {
        0 if LIMIT_ALL.load(SeqCst) => unix_ms(),
        deadline => deadline,
    };
    let guard = calls::enter(plugin, deadline, what);
    // Most deadlines are later than that of an earlier call, for which the thread
    // wakes: then nothing is written.
    if deadline != 0 && deadline < NEXT_CHECK.load(SeqCst) {
        waker::wake();
    }
    guard
}

/// Sets that calls without a deadline are overdue after the grace period, and that
/// crashes are not recorded: the plugin is only checked.
pub(crate) fn limit_all_calls() {
    journal::disable();
    LIMIT_ALL.store(true, SeqCst);
}

/// Records that a signal has cancelled the command.
pub(crate) fn record_signal(signal: i32) {
    SIGNAL.store(signal, SeqCst);
    SIGNALLED.store(unix_ms(), SeqCst);
}

/// Checks the calls, and returns the time until the next check; `None` if there is no
/// deadline. May not return.
pub(crate) fn check(policy: HangPolicy) -> Option<Duration> {
    let signalled = check_signalled(policy.after_signal);
    [signalled, check_deadlines(policy)]
        .into_iter()
        .flatten()
        .min()
}

/// Ends the process if the command has not ended after a signal.
fn check_signalled(policy: SignalPolicy) -> Option<Duration> {
    let signalled = Some(SIGNALLED.load(SeqCst)).filter(|ms| *ms != 0)?;
    let (from, grace) = match policy {
        SignalPolicy::EndsAfter(grace) => (signalled, grace),
        SignalPolicy::EndsIfSilent(grace) => (signalled.max(calls::last_host_call()), grace),
        SignalPolicy::Waits => return None,
    };
    let elapsed = Duration::from_millis(unix_ms().saturating_sub(from));
    let left = grace.saturating_sub(elapsed);
    if left.is_zero() {
        let within = format_args!(" within {} s after a signal", grace.as_secs());
        end_unreturned(SIGNAL.load(SeqCst), within);
    }
    Some(left)
}

fn check_deadlines(policy: HangPolicy) -> Option<Duration> {
    let grace = u64::try_from(policy.grace.as_millis()).unwrap_or(u64::MAX);
    // Before the deadlines are read: a call that begins meanwhile wakes the thread.
    NEXT_CHECK.store(u64::MAX, SeqCst);
    while let Some(call) = calls::overdue(grace) {
        if policy.ends_process {
            end_overdue(&call, policy.grace);
        }
        calls::remove_deadline(&call);
        logging::record(log::WARN, "host", overdue(&call, policy.grace).as_str(), "");
    }
    let now = unix_ms();
    // A call past its deadline is checked again: its plugin has called the host.
    let next = calls::earliest_deadline()?.max(now).saturating_add(grace);
    NEXT_CHECK.store(next, SeqCst);
    Some(Duration::from_millis(next - now))
}

fn overdue(call: &RunningCall, grace: Duration) -> Message {
    let mut message = unreturned(call);
    message.push(format_args!(" within {} s", grace.as_secs()));
    if !LIMIT_ALL.load(SeqCst) {
        message.push(format_args!(" after its deadline"));
    }
    message
}

fn unreturned(call: &RunningCall) -> Message {
    let mut message = Message::new();
    if let Some(plugin) = call.plugin {
        message.push(format_args!(
            "plugin `{}` {} did not return from {}",
            plugin.name, plugin.version, call.what
        ));
    }
    message
}

fn end_overdue(call: &RunningCall, grace: Duration) -> ! {
    let message = overdue(call, grace);
    logging::append_to_file("error", "plugin-hangs", message.as_str(), None);
    let class = Class::Plugin;
    let code = i32::from(class.exit_code());
    let report = Report {
        id: "plugin-hangs",
        class: class.name(),
        exit: code,
        message: &message,
        plugin: call.plugin,
    };
    report.print();
    exit_immediately(code)
}

/// Ends the process because of a second signal, and reports the call that has not
/// returned after the first one.
pub(crate) fn end_by_signal(signal: i32) -> ! {
    let name = match signal {
        libc::SIGTERM => "SIGTERM",
        _ => "SIGINT",
    };
    end_unreturned(signal, format_args!(" before a second signal ({name})"))
}

fn end_unreturned(signal: i32, when: fmt::Arguments<'_>) -> ! {
    process::kill_all();
    // 128 + signal is the convention of shells.
    let code = 128 + signal;
    let class = match signal {
        libc::SIGTERM => Class::Terminated,
        _ => Class::Interrupted,
    };
    {
        let mut message = calls::of_command().map_or_else(
            || Message::of(format_args!("the command did not return")),
            |call| unreturned(&call),
        );
        message.push(when);
        let report = Report {
            id: class.name(),
            class: class.name(),
            exit: code,
            message: &message,
            plugin: None,
        };
        report.print();
    }
    exit_immediately(code)
}

fn exit_immediately(code: i32) -> ! {
    terminal_mode::restore();
    // SAFETY: it has no preconditions. Handlers for the end of the process are not
    // called: those of a plugin may hang as well.
    unsafe { libc::_exit(code) }
}
