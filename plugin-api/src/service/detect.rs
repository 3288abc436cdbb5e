//! The detection of a service manager.

use super::{ProbeResult, Step, SystemInfo};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The request of `detect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DetectRequest {
    /// Information about the system.
    pub system: SystemInfo,
    /// The results of the probes that `inspect` returned.
    pub results: Vec<ProbeResult>,
}

/// The availability of the service manager.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// It is reachable.
    Available,
    /// It is reachable after [`Detection::prepare`] has been applied.
    NeedsPreparation,
    /// It cannot be used; see [`Detection::reasons`].
    #[default]
    Unavailable,
}

/// The result of `detect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Detection {
    /// The availability of the service manager.
    pub availability: Availability,
    /// Name and version for display: `systemd 252`.
    pub supervisor: String,
    /// Version number, if known.
    pub version: Option<u32>,
    /// Its runtime directory; the caller passes it on in [`SystemInfo`].
    pub runtime_dir: Option<PathBuf>,
    /// Steps that make it reachable. Only applied by commands that change state.
    pub prepare: Vec<Step>,
    /// Why it is not available.
    pub reasons: Vec<Reason>,
}

/// A reason, with a remedy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Reason {
    /// Stable id: `no-user-bus`.
    pub code: String,
    /// One line for the user.
    pub message: String,
    /// A command or an instruction that fixes the problem, if there is one.
    pub fix: Option<String>,
}
