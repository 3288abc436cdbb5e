//! The join of all layers: one verdict, and every problem with its cure.

use super::layers::Layers;
use crate::failure;
use crate::files::FileState;
use kt_plugin_api::service::{Activity, ExitClass, Observed, StartsAt};
use serde::Serialize;

/// How a service stands, worst first where several hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Running,
    Failed,
    Parked,
    CrashLooping,
    Stopped,
    NotInstalled,
    Unknown,
    Unhealthy,
    Degraded,
    Warnings,
}

impl Verdict {
    /// Its name, also that of the outcome in the manifest.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::CrashLooping => "crash-looping",
            Self::Stopped => "stopped",
            Self::NotInstalled => "not-installed",
            Self::Unknown => "unknown",
            Self::Unhealthy => "unhealthy",
            Self::Degraded => "degraded",
            Self::Warnings => "warnings",
        }
    }

    /// The exit code that the manifest declares for it: 0, 1, 3 and 4 as in
    /// the Linux Standard Base, and 150 to 152 from its range for programs.
    pub(crate) const fn exit(self) -> u8 {
        match self {
            Self::Running => 0,
            Self::Failed | Self::Parked | Self::CrashLooping => 1,
            Self::Stopped => 3,
            Self::NotInstalled | Self::Unknown => 4,
            Self::Unhealthy => 150,
            Self::Degraded => 151,
            Self::Warnings => 152,
        }
    }
}

/// From this many restarts on, one more is a loop and not an accident.
const LOOP: u64 = 3;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    Error,
    Warn,
    Info,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// A command that cures it.
    pub(crate) fix: Option<String>,
}

/// The verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) problems: Vec<Problem>,
    /// Whether what is applied is what is desired; `None` when it cannot be
    /// told.
    pub(crate) in_sync: Option<bool>,
}

/// Judges. With `strict`, a running service with warnings is not fine.
pub(crate) fn judge(layers: &Layers, strict: bool) -> Report {
    let mut report = Report {
        verdict: Verdict::Unknown,
        problems: Vec::new(),
        in_sync: in_sync(layers),
    };
    report.verdict = report.by_supervisor(layers);
    report.look_around(layers);
    let warned = report.problems.iter().any(|p| p.severity == Severity::Warn);
    if strict && warned && report.verdict == Verdict::Running {
        report.verdict = Verdict::Warnings;
    }
    report
}

/// A comparison that cannot be made is no difference.
fn in_sync(layers: &Layers) -> Option<bool> {
    let applied = layers.gateway.as_ref().ok()?.text("/config/applied/sha256");
    let desired = layers.desired.as_ref().ok()?.as_ref()?;
    Some(applied? == desired.sha256)
}

impl Report {
    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        fix: Option<&str>,
    ) {
        self.problems.push(Problem {
            code,
            severity,
            message: message.into(),
            fix: fix.map(str::to_owned),
        });
    }

    fn by_supervisor(&mut self, layers: &Layers) -> Verdict {
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
        match observed.active {
            Activity::Active => self.by_gateway(layers, observed),
            Activity::Activating => {
                self.add(
                    Severity::Error,
                    "starting",
                    "it is starting and not ready yet",
                    None,
                );
                Verdict::Unhealthy
            }
            Activity::Restarting => self.restarting(observed),
            Activity::Failed => {
                let parked = observed
                    .last_exit
                    .as_ref()
                    .is_some_and(|e| e.class == ExitClass::Parked);
                self.failed(
                    observed,
                    if parked {
                        Verdict::Parked
                    } else {
                        Verdict::Failed
                    },
                )
            }
            Activity::Inactive if observed.installed == Some(false) => {
                self.add(
                    Severity::Error,
                    "file-missing",
                    "its file is gone",
                    Some("kt gateway install"),
                );
                Verdict::NotInstalled
            }
            Activity::Inactive | Activity::Deactivating => Verdict::Stopped,
            Activity::Unknown => {
                self.add(
                    Severity::Error,
                    "state-unknown",
                    format!("the service manager says `{}`", observed.sub),
                    None,
                );
                Verdict::Unknown
            }
        }
    }

    fn without_record(&mut self, observed: &Observed) -> Verdict {
        if observed.installed == Some(true) || observed.orphan {
            let place = observed
                .fragment
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

    fn restarting(&mut self, observed: &Observed) -> Verdict {
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

    fn failed(&mut self, observed: &Observed, verdict: Verdict) -> Verdict {
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

    fn by_gateway(&mut self, layers: &Layers, observed: &Observed) -> Verdict {
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

    /// What does not change the verdict, but should be known.
    fn look_around(&mut self, layers: &Layers) {
        use Severity::{Info, Warn};
        match layers.artifact.as_ref().map(|a| a.state) {
            Some(FileState::Drifted) => self.add(
                Warn,
                "drifted",
                "its file was edited by hand",
                Some("kt gateway install --force"),
            ),
            Some(FileState::Outdated) => self.add(
                Info,
                "outdated",
                "this kt would write its file differently",
                Some("kt gateway install"),
            ),
            Some(FileState::Missing) => self.add(
                Warn,
                "file-missing",
                "its file is gone",
                Some("kt gateway install"),
            ),
            Some(FileState::Foreign) => self.add(
                Warn,
                "foreign-unit",
                "its file was not written by this kt",
                None,
            ),
            Some(FileState::Current) | None => {}
        }
        if layers.process.replaced == Some(true) {
            self.add(
                Warn,
                "binary-replaced",
                "kt was replaced since the gateway started",
                Some("kt gateway restart"),
            );
        }
        let (Some(_), Ok(observed)) = (&layers.record, &layers.supervisor) else {
            return;
        };
        if observed.orphan {
            self.add(
                Warn,
                "orphan",
                "it runs, but its file is gone",
                Some("kt gateway install"),
            );
        }
        if observed.needs_reload {
            self.add(
                Warn,
                "needs-daemon-reload",
                "its file changed since the service manager read it",
                Some("kt gateway install"),
            );
        }
        match observed.starts_at {
            Some(StartsAt::Never) => self.add(
                Warn,
                "not-enabled",
                "it does not start by itself",
                Some("kt gateway install"),
            ),
            Some(StartsAt::Login) if layers.boot_start => self.add(
                Warn,
                "linger-off",
                "it ends at logout and does not start at boot",
                Some("kt gateway install"),
            ),
            _ => {}
        }
    }
}
