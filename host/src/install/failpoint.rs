//! A failpoint: kills the process in tests, to prove that every intermediate state is
//! the old or the new one.

/// Kills this process before its n-th change of an installation if a test requests it.
///
/// Only builds with debug assertions read the environment variable `KT_CRASH_AT`, whose
/// value is `plugin:n`, counted from 1. The signal is SIGKILL, because nothing may run
/// after it.
#[cfg(debug_assertions)]
pub(super) fn before_change() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CHANGES: AtomicU32 = AtomicU32::new(0);

    let current = CHANGES.fetch_add(1, Ordering::SeqCst) + 1;
    if crate::environment::crash_at() == Some(format!("plugin:{current}")) {
        let pid = rustix::process::getpid();
        let _sent = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        // The signal is delivered before this call returns.
        std::thread::park();
    }
}

/// Does nothing in builds without debug assertions.
#[cfg(not(debug_assertions))]
pub(super) fn before_change() {}
