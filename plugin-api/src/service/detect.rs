//! Whether a service manager is there and can be talked to.

use super::{Facts, ProbeResult, Step};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The request of `detect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectRequest {
    /// What the caller knows.
    pub facts: Facts,
    /// The results of the probes that `inspect` asked for.
    pub results: Vec<ProbeResult>,
}

/// Whether the service manager can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fitness {
    /// It can be talked to.
    Usable,
    /// It can be talked to once [`Detection::prepare`] has been run.
    Preparable,
    /// It cannot be used; the reasons say why.
    #[default]
    Unusable,
}

/// The answer to `detect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detection {
    /// Whether it can be used.
    pub fitness: Fitness,
    /// Name and version for people: `systemd 252`.
    pub supervisor: String,
    /// Its version number, if known.
    pub version: Option<u32>,
    /// The directory where it is reached; goes into later [`Facts`].
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
