//! Points at which a test may kill the process, to prove that changes are atomic.

/// Kills the process if the environment variable `KT_CRASH_AT` names this point.
///
/// Does nothing in builds without debug assertions. SIGKILL, because neither destructors nor a
/// rollback may run.
#[cfg(debug_assertions)]
pub(crate) fn crash_point(name: &str) {
    if std::env::var_os("KT_CRASH_AT").is_some_and(|point| point == name) {
        let pid = rustix::process::getpid();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL)
            .expect("a process may kill itself");
    }
}

/// Does nothing in builds without debug assertions.
#[cfg(not(debug_assertions))]
pub(crate) fn crash_point(_name: &str) {}
