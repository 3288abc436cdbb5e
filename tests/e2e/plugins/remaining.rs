//! Processes that a run of kt has left behind.

use crate::harness::{Sandbox, wait_until};
use std::fs;
use std::time::Duration;

/// The kernel needs a moment to end a process that was killed.
const SOON: Duration = Duration::from_secs(5);

/// Asserts that no process remains with the environment of the sandbox, whichever its
/// group is.
///
/// # Panics
/// If there is one.
#[track_caller]
pub(super) fn assert_none_remain(sandbox: &Sandbox) {
    let what = format!("the end of every process of {}", sandbox.root().display());
    wait_until(&what, SOON, || processes(sandbox).is_empty().then_some(()));
}

/// Returns the ids of the processes with the environment of the sandbox.
pub(super) fn processes(sandbox: &Sandbox) -> Vec<u32> {
    let home = format!("KT_HOME={}", sandbox.home().display());
    let entries = fs::read_dir("/proc").expect("there is a /proc");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            // A zombie has no environment.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == home.as_bytes())
        })
        .collect()
}
