//! A place at which a test may kill the process, to prove that what it leaves
//! is whole and can be mended.

/// Kills the calling process before its n-th change when a test asked for it.
///
/// Only builds with assertions on look at the environment variable
/// `KT_CRASH_AT`, which then says `change:n`, counted from 1; in others this
/// does nothing. SIGKILL, because nothing may run after it: no rollback.
#[cfg(debug_assertions)]
pub(super) fn before_change() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CHANGES: AtomicU32 = AtomicU32::new(0);

    let now = CHANGES.fetch_add(1, Ordering::SeqCst) + 1;
    if crate::environment::crash_at() == Some(format!("change:{now}")) {
        let me = rustix::process::getpid();
        let _sent = rustix::process::kill_process(me, rustix::process::Signal::KILL);
        // The signal arrives before this call returns.
        std::thread::park();
    }
}

/// Does nothing in builds without assertions.
#[cfg(not(debug_assertions))]
pub(super) fn before_change() {}
