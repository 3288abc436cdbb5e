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
    if !restore_recorded() || REPORTED.swap(true, Ordering::Relaxed) {
        return;
    }
    let who = plugin.map_or_else(
        || "a plugin".to_owned(),
        |plugin| format!("plugin `{}` {}", plugin.name, plugin.version),
    );
    let message = format!("{who} changed how kt handles signals; this was reverted");
    logging::record(log::WARN, "host", &message, "");
}

/// Restores the recorded actions, and returns whether one of them was changed.
fn restore_recorded() -> bool {
    let Ok(actions) = ACTIONS.lock() else {
        return false;
    };
    let mut changed = false;
    for (signal, of_host) in SIGNALS.iter().zip(actions.iter().flatten()) {
        let now = current(*signal);
        if now.sa_sigaction == of_host.sa_sigaction && now.sa_flags == of_host.sa_flags {
            continue;
        }
        // SAFETY: an action that was in effect before.
        unsafe { libc::sigaction(*signal, of_host, std::ptr::null_mut()) };
        changed = true;
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
