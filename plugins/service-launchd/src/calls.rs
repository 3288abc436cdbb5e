//! The calls of steps, with their timeouts and success exit codes.

use crate::domain::{self, BOOTSTRAP_BUSY, IN_PROGRESS, NO_SESSION, NOT_LOADED, launchctl};
use kt_plugin_api::service::{ExecSpec, RenderRequest};
use std::collections::BTreeMap;

/// Maximum time from the exit of the process until the agent is unloaded, in
/// milliseconds. The longest reported times are three to five seconds.
pub(crate) const UNLOAD_TIMEOUT_MS: u64 = 15_000;
/// Maximum time until launchd has noticed the exit of a process, in milliseconds.
const EXIT_NOTICE_MS: u64 = 1_000;
/// The state of a stopped agent that launchd does not restart.
const STOPPED: &str = "\tstate = not running";

/// The calls for one agent.
pub(crate) struct AgentCalls {
    domain: String,
    target: String,
    plist: String,
    /// Maximum time until the process exits after SIGTERM, in milliseconds.
    stop_timeout_ms: u64,
}

/// Exit codes for an agent that is not loaded. Without a session no agent is.
fn not_loaded() -> Vec<i32> {
    [NOT_LOADED, NO_SESSION].concat()
}

impl AgentCalls {
    pub(crate) fn new(request: &RenderRequest, label: &str) -> Self {
        let system = &request.system;
        Self {
            domain: domain::domain(system),
            target: domain::target(system, label),
            plist: domain::plist_path(system, label).display().to_string(),
            stop_timeout_ms: u64::from(request.spec.stop_timeout_s) * 1_000,
        }
    }

    /// Maximum time from SIGTERM until the agent is unloaded. launchd kills the
    /// process after the timeout in its property list.
    pub(crate) fn unload_timeout_ms(&self) -> u64 {
        self.stop_timeout_ms + UNLOAD_TIMEOUT_MS
    }

    fn print(&self) -> ExecSpec {
        launchctl(&["print", &self.target])
    }

    pub(crate) fn verify(&self) -> ExecSpec {
        let argv = ["plutil", "-lint", "-s", &self.plist];
        let mut run = ExecSpec::new(&argv, BTreeMap::new(), domain::CALL_TIMEOUT_MS);
        run.skip_if_missing = true;
        run
    }

    pub(crate) fn enable(&self) -> ExecSpec {
        launchctl(&["enable", &self.target])
    }

    pub(crate) fn disable(&self) -> ExecSpec {
        launchctl(&["disable", &self.target])
    }

    /// Loads the agent unless it is loaded: the exit codes do not distinguish a
    /// loaded agent from a rejected property list.
    pub(crate) fn bootstrap(&self, timeout_ms: u64) -> ExecSpec {
        launchctl(&["bootstrap", &self.domain, &self.plist])
            .retry(&BOOTSTRAP_BUSY, 500, timeout_ms)
            .unless(self.print())
    }

    /// Starts the agent; without `-k`, which would restart a running one.
    pub(crate) fn kickstart(&self) -> ExecSpec {
        let codes = [&[0][..], &IN_PROGRESS].concat();
        launchctl(&["kickstart", &self.target]).success_exit_codes(&codes)
    }

    /// Starts the agent if it is loaded; otherwise a later step loads it.
    pub(crate) fn kickstart_if_loaded(&self) -> ExecSpec {
        let mut run = self.kickstart();
        run.success_exit_codes.extend(NOT_LOADED);
        run
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) -> ExecSpec {
        let codes = [&[0][..], &not_loaded()].concat();
        launchctl(&["kill", "SIGTERM", &self.target]).success_exit_codes(&codes)
    }

    /// Waits until the process has exited.
    pub(crate) fn await_exit(&self, pid: u32) -> ExecSpec {
        let argv = ["/bin/kill", "-0", &pid.to_string()];
        ExecSpec::new(&argv, BTreeMap::new(), domain::CALL_TIMEOUT_MS)
            .success_exit_codes(&[1])
            .retry(&[0], 100, self.stop_timeout_ms)
    }

    /// Unloads the agent. Some versions return immediately, others when it is
    /// unloaded.
    pub(crate) fn bootout(&self) -> ExecSpec {
        let codes = [&[0][..], &not_loaded(), &IN_PROGRESS].concat();
        let mut run = launchctl(&["bootout", &self.target]).success_exit_codes(&codes);
        run.timeout_ms = self.unload_timeout_ms();
        run
    }

    /// Waits until the agent is unloaded.
    pub(crate) fn await_unloaded(&self) -> ExecSpec {
        self.print()
            .success_exit_codes(&not_loaded())
            .retry(&[0], 200, self.unload_timeout_ms())
    }

    /// Succeeds if the agent is stopped and launchd does not restart it. It fails if
    /// launchd has another name for the state; the agent is then unloaded instead.
    pub(crate) fn is_stopped(&self) -> ExecSpec {
        self.print()
            .stdout_contains(STOPPED)
            .retry(&[0], 200, EXIT_NOTICE_MS)
    }
}
