//! The process groups of the running plugins.

use rustix::process::{Pid, Signal, kill_process_group};
use std::sync::Mutex;

/// The groups whose leaders were not reaped: their numbers are not reused.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

pub(super) fn register(leader: Pid) {
    if let Ok(mut running) = RUNNING.lock() {
        running.push(leader);
    }
}

/// Sends a signal to a group, if it is registered.
pub(super) fn signal(leader: Pid, signal: Signal) {
    if let Ok(running) = RUNNING.lock()
        && running.contains(&leader)
    {
        // The members may have ended in the meantime.
        let _result = kill_process_group(leader, signal);
    }
}

/// Kills what is left of a group whose leader has ended, and then reaps the leader with
/// `reap`.
pub(super) fn reap<T>(leader: Pid, reap: impl FnOnce() -> T) -> T {
    let running = RUNNING.lock();
    let _result = kill_process_group(leader, Signal::KILL);
    let reaped = reap();
    if let Ok(mut running) = running {
        running.retain(|pid| *pid != leader);
    }
    reaped
}

/// Kills the processes of all plugins, before an exit that runs no destructors.
pub(crate) fn kill_all() {
    if let Ok(running) = RUNNING.lock() {
        for leader in running.iter() {
            let _result = kill_process_group(*leader, Signal::KILL);
        }
    }
}
