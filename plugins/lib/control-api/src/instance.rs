//! The instances of gateways: running processes.

use serde::{Deserialize, Serialize};

use crate::{ContentHash, InstanceHalt, InstanceId, ProcessIdentity, SyncState, Timestamp};

/// Where an instance loaded its configuration from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ConfigSource {
    /// Fetched from the control plane.
    ControlPlane,
    /// The last applied configuration on disk; the control plane has not been reached since the start.
    LastApplied,
    /// The file the gateway was started with.
    File,
}

/// The desired version that an instance has received, whether or not it could apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ObservedVersion {
    /// The version last sent to the instance; `None` without a desired version.
    pub version: Option<u64>,
    /// Its generation.
    pub generation: u64,
}

/// The configuration that an instance serves. Reporting it acknowledges its generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppliedVersion {
    /// The version; `None` for a file that was never published.
    pub version: Option<u64>,
    /// Hash of the canonical form.
    pub sha256: ContentHash,
    /// The last generation that was applied; 0 before the first one.
    #[serde(default)]
    pub generation: u64,
    /// When it was applied.
    pub at: Timestamp,
}

/// Why an instance rejected the desired version. It keeps serving its current configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Rejection {
    /// Stable id of the error.
    pub code: String,
    /// The message; never contains a secret.
    pub message: String,
    /// JSON pointer to the location in the document.
    #[serde(default)]
    pub pointer: Option<String>,
    /// The file, if the configuration was read from one.
    #[serde(default)]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// The column, from 1.
    #[serde(default)]
    pub column: Option<u32>,
    /// The rejected version; `None` for a file that was never published.
    pub version: Option<u64>,
    /// The rejected generation, which is not sent to the instance again.
    pub generation: u64,
    /// When it was rejected.
    pub at: Timestamp,
}

/// An instance as the control plane shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Instance {
    /// Its id.
    pub instance_id: InstanceId,
    /// The machine and the process, so that processes on the same machine notice when it ends.
    #[serde(default)]
    pub process: ProcessIdentity,
    /// When the process started.
    pub started_at: Timestamp,
    /// When it last reported.
    pub seen_at: Timestamp,
    /// When its lease expires unless it reports again.
    pub lease_until: Timestamp,
    /// Whether its lease is valid, it has not reported that it stops, and it is not known to have ended.
    pub live: bool,
    /// Name and version of the program.
    #[serde(default)]
    pub binary: Option<String>,
    /// The address it listens on.
    #[serde(default)]
    pub listen: Option<String>,
    /// Where it loaded its configuration from.
    pub source: ConfigSource,
    /// The desired version it has received.
    #[serde(default)]
    pub observed: Option<ObservedVersion>,
    /// The configuration it serves.
    #[serde(default)]
    pub applied: Option<AppliedVersion>,
    /// Its last rejection, until it applies something newer.
    #[serde(default)]
    pub rejection: Option<Rejection>,
    /// What it has done about halts; `None` before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<InstanceHalt>,
    /// Its state.
    pub state: SyncState,
}
