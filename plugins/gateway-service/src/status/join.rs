//! The join of all layers into a verdict.

use super::layers::{Layers, Parked};
use super::problem::{Report, Severity};
use super::verdict::Verdict;
use crate::failure;
use kt_plugin_api::service::{ActiveState, ExitKind, ServiceStatus};

/// From this many restarts on, one more is a loop and not an accident.
const LOOP: u64 = 3;

impl Report {
    pub(super) fn by_supervisor(&mut self, layers: &Layers) -> Verdict {
        let observed = match &layers.supervisor {
            Ok(observed) => observed,
            Err(reason) => {
                self.add(
                    Severity::Error,
                    "supervisor-unknown",
                    reason.message.clone(),
                    reason.fix.as_deref(),
                );
                return if layers.record.is_some() {
                    Verdict::Unknown
                } else {
                    Verdict::NotInstalled
                };
            }
        };
        if layers.record.is_none() {
            return self.without_record(observed);
        }
        if observed.masked {
            self.add(
                Severity::Error,
                "masked",
                "the service manager is told never to start it",
                None,
            );
        }
        match observed.active_state {
            ActiveState::Active => self.by_gateway(layers, observed),
            ActiveState::Activating => {
                self.add(
                    Severity::Error,
                    "starting",
                    "it is starting and not ready yet",
                    None,
                );
                Verdict::Unhealthy
            }
            ActiveState::Restarting => self.restarting(observed),
            ActiveState::Failed => self.without_process(layers, observed, Verdict::Failed),
            ActiveState::Inactive if observed.installed == Some(false) => {
                self.add(
                    Severity::Error,
                    "file-missing",
                    "its file is gone",
                    Some("kt gateway install"),
                );
                Verdict::NotInstalled
            }
            // Where a manager knows no exit codes, parking is a clean end.
            ActiveState::Inactive if layers.parked.is_some() => {
                self.without_process(layers, observed, Verdict::Stopped)
            }
            ActiveState::Inactive | ActiveState::Deactivating => Verdict::Stopped,
            ActiveState::Unknown => {
                self.add(
                    Severity::Error,
                    "state-unknown",
                    format!("the service manager says `{}`", observed.sub_state),
                    None,
                );
                Verdict::Unknown
            }
        }
    }

    fn without_process(
        &mut self,
        layers: &Layers,
        observed: &ServiceStatus,
        otherwise: Verdict,
    ) -> Verdict {
        let holds = |parked: &&Parked| match &observed.last_exit {
            // The last end was another one: the reason is an older run's.
            Some(last) => {
                last.kind != ExitKind::Setup
                    && last
                        .code
                        .is_none_or(|code| code == 0 || code == i32::from(parked.exit))
            }
            None => true,
        };
        if let Some(parked) = layers.parked.as_ref().filter(holds) {
            let fix = parked.hints.first().map(String::as_str);
            let fix = fix.unwrap_or("kt gateway logs, then kt gateway start");
            self.add(Severity::Error, "parked", parked.sentence(), Some(fix));
            return Verdict::Parked;
        }
        let class = observed.last_exit.as_ref().map(|e| e.kind);
        let verdict = match class {
            Some(ExitKind::Parked) => Verdict::Parked,
            _ => otherwise,
        };
        self.failed(observed, verdict)
    }

    fn without_record(&mut self, observed: &ServiceStatus) -> Verdict {
        if observed.installed == Some(true) || observed.orphaned {
            let place = observed
                .fragment_path
                .as_ref()
                .map_or_else(String::new, |p| format!(": {}", p.display()));
            self.add(
                Severity::Warn,
                "foreign-unit",
                format!("a service of this name exists that this kt did not install{place}"),
                None,
            );
        }
        Verdict::NotInstalled
    }

    fn restarting(&mut self, observed: &ServiceStatus) -> Verdict {
        if observed.restarts.is_some_and(|n| n >= LOOP) {
            return self.failed(observed, Verdict::CrashLooping);
        }
        let why = observed.last_exit.as_ref().map(failure::describe);
        let message = format!(
            "{}; it is started again",
            why.as_deref().unwrap_or("it failed")
        );
        self.add(
            Severity::Error,
            "restarting",
            message,
            Some("kt gateway logs"),
        );
        Verdict::Unhealthy
    }

    fn failed(&mut self, observed: &ServiceStatus, verdict: Verdict) -> Verdict {
        let message = match &observed.last_exit {
            Some(last) => failure::describe(last),
            None => "it failed".to_owned(),
        };
        let fix = match verdict {
            Verdict::Parked => "kt gateway logs, then kt gateway start",
            _ => "kt gateway logs",
        };
        self.add(Severity::Error, verdict.name(), message, Some(fix));
        verdict
    }

    fn by_gateway(&mut self, layers: &Layers, observed: &ServiceStatus) -> Verdict {
        let gateway = match &layers.gateway {
            Ok(gateway) => gateway,
            Err(why) => {
                self.add(
                    Severity::Error,
                    "gateway-silent",
                    format!("the gateway does not answer: {why}"),
                    Some("kt gateway logs"),
                );
                return Verdict::Unhealthy;
            }
        };
        let said = gateway.number("/pid");
        if let (Some(said), Some(pid)) = (said, observed.pid)
            && said != u64::from(pid)
        {
            let message =
                format!("process {said} answers for the gateway, and the service is process {pid}");
            self.add(
                Severity::Error,
                "another-process",
                message,
                Some("end the other one"),
            );
            return Verdict::Unhealthy;
        }
        if layers.process.owns_port == Some(false) {
            self.add(
                Severity::Error,
                "port-foreign",
                "another process listens on the gateway's address",
                None,
            );
            return Verdict::Unhealthy;
        }
        for (flag, code, message) in [
            ("/live", "not-live", "the gateway says that it hangs"),
            (
                "/ready",
                "not-ready",
                "the gateway says that it is not ready",
            ),
        ] {
            if gateway.flag(flag) == Some(false) {
                self.add(Severity::Error, code, message, Some("kt gateway logs"));
                return Verdict::Unhealthy;
            }
        }
        self.by_configuration(layers)
    }

    fn by_configuration(&mut self, layers: &Layers) -> Verdict {
        if let Err(why) = &layers.desired {
            self.add(
                Severity::Warn,
                "desired-unknown",
                format!("what is desired cannot be found out: {why}"),
                None,
            );
        }
        if self.in_sync != Some(false) {
            return Verdict::Running;
        }
        let gateway = layers.gateway.as_ref().ok();
        let reload = gateway.and_then(|g| g.text("/config/last_reload/error"));
        match reload {
            Some(why) => self.add(
                Severity::Error,
                "config-rejected",
                format!("the desired configuration was rejected: {why}"),
                Some("kt gateway reload --file FILE"),
            ),
            None => self.add(
                Severity::Error,
                "config-differs",
                "the desired configuration is not applied",
                Some("kt gateway reconcile"),
            ),
        }
        Verdict::Degraded
    }
}
