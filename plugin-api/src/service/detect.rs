//! Whether a service manager is there and can be talked to.

use super::{ProbeResult, Step, SystemInfo};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The request of `detect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectRequest {
    /// What the caller knows.
    pub system: SystemInfo,
    /// The results of the probes that `inspect` asked for.
    pub results: Vec<ProbeResult>,
}

/// Whether the service manager can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// It can be talked to.
    Available,
    /// It can be talked to once [`Detection::prepare`] has been run.
    NeedsPreparation,
    /// It cannot be used; the reasons say why.
    #[default]
    Unavailable,
}

/// The answer to `detect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detection {
    /// Whether it can be used.
    pub availability: Availability,
    /// Name and version for people: `systemd 252`.
    pub supervisor: String,
    /// Its version number, if known.
    pub version: Option<u32>,
    /// The directory where it is reached; goes into later [`SystemInfo`].
    pub runtime_dir: Option<PathBuf>,
    /// What makes it reachable: run by commands that change something, and
    /// only there.
    pub prepare: Vec<Step>,
    /// StepError it is not simply usable.
    pub reasons: Vec<Reason>,
}

/// A reason, with what to do about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// Stable id: `no-user-bus`.
    pub code: String,
    /// One line for people.
    pub message: String,
    /// A command or a step that cures it, if there is one.
    pub fix: Option<String>,
}
