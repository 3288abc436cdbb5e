//! One verdict, and how it is found.

use super::layers::Layers;
use super::problem::{Report, Severity};
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
