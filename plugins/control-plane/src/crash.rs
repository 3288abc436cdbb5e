//! Places at which a test may kill the process, to prove that a change is whole or absent.

/// Kills the calling process when a test asked for this point.
///
/// Only builds with assertions on look at the environment variable `KT_CRASH_AT`; in others this
/// does nothing. SIGKILL, because nothing may run after it: no destructor, no rollback.
#[cfg(debug_assertions)]
pub(crate) fn crash_point(name: &str) {
    if std::env::var_os("KT_CRASH_AT").is_some_and(|wanted| wanted == name) {
        let me = rustix::process::getpid();
        rustix::process::kill_process(me, rustix::process::Signal::KILL)
            .expect("a process may kill itself");
    }
}

/// Does nothing in builds without assertions.
#[cfg(not(debug_assertions))]
pub(crate) fn crash_point(_name: &str) {}
