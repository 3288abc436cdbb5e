//! One running process of a gateway, as it registers and as it is shown.

use serde::{Deserialize, Serialize};

use crate::{ContentHash, InstanceId, ProcessIdentity, SyncState, Timestamp};

/// Where the configuration that an instance serves came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ConfigSource {
    /// Fetched from the control plane.
    ControlPlane,
    /// The last applied one, kept on disk; the control plane has not been reached since the start.
    LastApplied,
    /// The file the gateway was started with.
    File,
}

/// What an instance has seen as desired, whether or not it could apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ObservedVersion {
    /// Version last handed out to the instance; `None` when nothing was desired.
    pub version: Option<u64>,
    /// Generation it belonged to.
    pub generation: u64,
}

/// What an instance serves. Reporting it acknowledges its generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppliedVersion {
    /// Version number; `None` for a file that was never published.
    pub version: Option<u64>,
    /// Hash of the canonical form of what is served.
    pub sha256: ContentHash,
    /// Generation acted on last with success; 0 before the first one.
    #[serde(default)]
    pub generation: u64,
    /// When it began to serve.
    pub at: Timestamp,
}

/// Why an instance refused what was desired. The instance keeps serving what it served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Rejection {
    /// Stable id of the reason.
    pub code: String,
    /// The reason for people; never contains a secret.
    pub message: String,
    /// JSON pointer of the place in the document.
    #[serde(default)]
    pub pointer: Option<String>,
    /// File the place is in, where it came from one.
    #[serde(default)]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// Column, from 1.
    #[serde(default)]
    pub column: Option<u32>,
    /// Version refused; `None` for a file that was never published.
    pub version: Option<u64>,
    /// Generation refused. It is not handed out to the instance again.
    pub generation: u64,
    /// When it was refused.
    pub at: Timestamp,
}

/// An instance as the control plane shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Instance {
    /// Names the process.
    pub instance_id: InstanceId,
    /// Machine and process, so that a killed one is noticed by whoever can look.
    #[serde(default)]
    pub process: ProcessIdentity,
    /// When the process started.
    pub started_at: Timestamp,
    /// When it last reported.
    pub seen_at: Timestamp,
    /// When its lease ends unless it reports again.
    pub lease_until: Timestamp,
    /// Whether it reported within its lease, did not say good-bye and is not known to be gone.
    pub live: bool,
    /// Name and version of the program.
    #[serde(default)]
    pub binary: Option<String>,
    /// Address it serves on.
    #[serde(default)]
    pub listen: Option<String>,
    /// Where what it serves came from.
    pub source: ConfigSource,
    /// What it has seen as desired.
    #[serde(default)]
    pub observed: Option<ObservedVersion>,
    /// What it serves.
    #[serde(default)]
    pub applied: Option<AppliedVersion>,
    /// Its last refusal, kept until it applies something newer.
    #[serde(default)]
    pub rejection: Option<Rejection>,
    /// How it stands.
    pub state: SyncState,
}
