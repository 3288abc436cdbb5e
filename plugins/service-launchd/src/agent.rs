//! The calls that steps are made of: how long each may take, and which of its
//! ends are good ones.

use crate::domain::{self, DRAINING, NO_SESSION, NOT_LOADED, UNDER_WAY, launchctl};
use kt_plugin_api::service::{ExecSpec, RenderRequest};
use std::collections::BTreeMap;

/// How long an unloaded agent was seen to linger at worst (three to five
/// seconds) after its process had ended, with room, milliseconds.
pub(crate) const DRAIN_MS: u64 = 15_000;
/// How long launchd gets to note that a process has ended, milliseconds.
const SETTLE_MS: u64 = 1_000;
/// launchd's word for an agent without a process that it does not start again.
const DOWN: &str = "\tstate = not running";

/// One agent, as `launchctl` is told of it.
pub(crate) struct Agent {
    domain: String,
    target: String,
    plist: String,
    /// How long its process may take to end, milliseconds.
    stop_ms: u64,
}

/// Codes that say that it is not loaded: with the session its agents are gone.
fn absent() -> Vec<i32> {
    [NOT_LOADED, NO_SESSION].concat()
}

impl Agent {
    pub(crate) fn new(request: &RenderRequest, label: &str) -> Self {
        let system = &request.system;
        Self {
            domain: domain::domain(system),
            target: domain::target(system, label),
            plist: domain::plist_path(system, label).display().to_string(),
            stop_ms: u64::from(request.spec.stop_timeout_s) * 1_000,
        }
    }

    /// How long it may take from SIGTERM until nothing of it is left: launchd
    /// kills the process after the time that its list gives it.
    pub(crate) fn leaving_ms(&self) -> u64 {
        self.stop_ms + DRAIN_MS
    }

    fn print(&self) -> ExecSpec {
        launchctl(&["print", &self.target])
    }

    pub(crate) fn verify(&self) -> ExecSpec {
        let argv = ["plutil", "-lint", "-s", &self.plist];
        let mut run = ExecSpec::new(&argv, BTreeMap::new(), domain::QUICK_MS);
        run.skip_if_missing = true;
        run
    }

    pub(crate) fn enable(&self) -> ExecSpec {
        launchctl(&["enable", &self.target])
    }

    pub(crate) fn disable(&self) -> ExecSpec {
        launchctl(&["disable", &self.target])
    }

    /// Loads it, if it is not loaded: its codes do not tell a loaded agent from
    /// a refused one.
    pub(crate) fn bootstrap(&self, for_ms: u64) -> ExecSpec {
        launchctl(&["bootstrap", &self.domain, &self.plist])
            .retry(&DRAINING, 500, for_ms)
            .unless(self.print())
    }

    /// Starts it; without `-k`, so that what runs is left alone.
    pub(crate) fn kickstart(&self) -> ExecSpec {
        let codes = [&[0][..], &UNDER_WAY].concat();
        launchctl(&["kickstart", &self.target]).success_exit_codes(&codes)
    }

    /// Starts what is loaded; what is not will be loaded later.
    pub(crate) fn kickstart_if_loaded(&self) -> ExecSpec {
        let mut run = self.kickstart();
        run.success_exit_codes.extend(NOT_LOADED);
        run
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) -> ExecSpec {
        let codes = [&[0][..], &absent()].concat();
        launchctl(&["kill", "SIGTERM", &self.target]).success_exit_codes(&codes)
    }

    /// Waits until its process is gone.
    pub(crate) fn ended(&self, pid: u32) -> ExecSpec {
        let argv = ["/bin/kill", "-0", &pid.to_string()];
        ExecSpec::new(&argv, BTreeMap::new(), domain::QUICK_MS)
            .success_exit_codes(&[1])
            .retry(&[0], 100, self.stop_ms)
    }

    /// Unloads it. Some versions return at once, others when it is gone.
    pub(crate) fn bootout(&self) -> ExecSpec {
        let codes = [&[0][..], &absent(), &UNDER_WAY].concat();
        let mut run = launchctl(&["bootout", &self.target]).success_exit_codes(&codes);
        run.timeout_ms = self.leaving_ms();
        run
    }

    /// Waits until it is unloaded.
    pub(crate) fn unloaded(&self) -> ExecSpec {
        self.print()
            .success_exit_codes(&absent())
            .retry(&[0], 200, self.leaving_ms())
    }

    /// Whether it is down and stays down. Where launchd has another word for it
    /// this says no, and it is unloaded: that stops it too.
    pub(crate) fn is_down(&self) -> ExecSpec {
        self.print()
            .stdout_contains(DOWN)
            .retry(&[0], 200, SETTLE_MS)
    }
}
