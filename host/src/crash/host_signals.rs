//! The signal actions of the host, which plugins must not change.

use super::deferral::Deferral;
use super::identity::PluginIdentity;
use super::waker;
use crate::logging;
use kt_plugin_api::abi::log;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// The signals that the host handles or ignores. SIGPIPE is one of them: the runtime of
/// Rust ignores it, so that a closed pipe is an error of the write.
const SIGNALS: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGPIPE];
/// How long a call within another one may leave the actions changed, in milliseconds. To
/// compare them takes a system call for each, which after every call was measured to be
/// nearly half of its time.
const INTERVAL: u64 = 100;

static ACTIONS: Mutex<Option<[libc::sigaction; SIGNALS.len()]>> = Mutex::new(None);
/// When the actions were recorded.
static RECORDED: OnceLock<Instant> = OnceLock::new();
static DEFERRAL: Deferral = Deferral::new(INTERVAL);
/// Whether it was reported that a plugin changed signal actions: once is enough.
static REPORTED: AtomicBool = AtomicBool::new(false);

/// Records the current actions as those of the host.
pub(crate) fn record() {
    if let Ok(mut actions) = ACTIONS.lock() {
        *actions = Some(SIGNALS.map(current));
        RECORDED.get_or_init(Instant::now);
    }
}

/// Restores the actions after a call of a plugin: at once if the call was the outermost
/// one of its thread, and otherwise not more than [`INTERVAL`] later.
pub(super) fn restore_after_call(
    plugin: &'static PluginIdentity,
    is_outermost: impl FnOnce() -> bool,
) {
    let Some(now) = now() else { return };
    if DEFERRAL.due_in(now) == 0 || is_outermost() {
        restore(now, Some(plugin));
    } else if DEFERRAL.defer(plugin) {
        waker::wake();
    }
}

/// Restores the actions after the calls for which it was deferred, if that is due, and
/// returns the time until then.
pub(crate) fn restore_deferred() -> Option<Duration> {
    let now = now().filter(|_| DEFERRAL.is_pending())?;
    match DEFERRAL.due_in(now) {
        0 => {
            restore(now, None);
            None
        }
        left => Some(Duration::from_millis(left)),
    }
}

/// Returns a time in milliseconds, above 0, if actions are recorded.
fn now() -> Option<u64> {
    let elapsed = RECORDED.get()?.elapsed().as_millis();
    Some(u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_add(1))
}

fn restore(now: u64, called: Option<&'static PluginIdentity>) {
    // Before the comparison: a call that ends meanwhile is deferred again.
    let plugin = DEFERRAL.begin_check(now, called);
    let level = match restore_recorded() {
        ChangedActions::None => return,
        ChangedActions::ClosedPipe => log::DEBUG,
        ChangedActions::Other if REPORTED.swap(true, Ordering::Relaxed) => return,
        ChangedActions::Other => log::WARN,
    };
    let who = plugin.map_or_else(
        || "a plugin".to_owned(),
        |plugin| format!("plugin `{}` {}", plugin.name, plugin.version),
    );
    let message = format!("{who} changed how kt handles signals; this was reverted");
    logging::record(level, "host", &message, "");
}

/// The actions that were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangedActions {
    None,
    /// That of SIGPIPE alone. The runtime of Go does so when a library is loaded.
    ClosedPipe,
    Other,
}

/// Restores the recorded actions, and returns which ones were changed.
fn restore_recorded() -> ChangedActions {
    let mut changed = ChangedActions::None;
    let Ok(actions) = ACTIONS.lock() else {
        return changed;
    };
    for (signal, of_host) in SIGNALS.iter().zip(actions.iter().flatten()) {
        let now = current(*signal);
        // The runtime of Go adds it to all handlers, since its threads have small stacks.
        // Without it a signal in such a thread would end the process.
        let on_stack = now.sa_flags & libc::SA_ONSTACK;
        let flags = of_host.sa_flags | on_stack;
        if now.sa_sigaction == of_host.sa_sigaction && now.sa_flags == flags {
            continue;
        }
        let mut restored = *of_host;
        restored.sa_flags = flags;
        // SAFETY: an action that was in effect before, at most on another stack.
        unsafe { libc::sigaction(*signal, &raw const restored, std::ptr::null_mut()) };
        changed = match (*signal, changed) {
            (libc::SIGPIPE, ChangedActions::None) => ChangedActions::ClosedPipe,
            _ => ChangedActions::Other,
        };
    }
    changed
}

fn current(signal: i32) -> libc::sigaction {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a valid signal, and a writable struct, for which zeroes are valid.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    }
}
