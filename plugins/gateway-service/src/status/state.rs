//! The state of a service.

use serde::Serialize;

/// The state of a service: the most severe one, where several apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServiceState {
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

impl ServiceState {
    /// Returns the name, which is also that of the outcome in the manifest.
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

    /// Returns the exit code that the manifest declares: 0, 1, 3 and 4 as in the Linux
    /// Standard Base, and 150 to 152 from its range for applications.
    pub(crate) const fn exit_code(self) -> u8 {
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
