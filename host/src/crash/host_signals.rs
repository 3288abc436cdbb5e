//! The signal actions of the host, which plugins must not change.

use std::mem::MaybeUninit;
use std::sync::Mutex;

/// The signals that the host handles or ignores. SIGPIPE is one of them: the runtime of
/// Rust ignores it, so that a closed pipe is an error of the write.
const SIGNALS: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGPIPE];

static ACTIONS: Mutex<Option<[libc::sigaction; SIGNALS.len()]>> = Mutex::new(None);

/// Records the current actions as those of the host.
pub(crate) fn record() {
    if let Ok(mut actions) = ACTIONS.lock() {
        *actions = Some(SIGNALS.map(current));
    }
}

/// Restores the recorded actions, and returns whether one of them was changed.
pub(super) fn restore() -> bool {
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
