//! The version that a gateway must serve, and how instances poll for it.

use serde::{Deserialize, Serialize};

use crate::{ContentHash, Halt, InstanceId, Timestamp};

/// The version that a gateway must serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DesiredVersion {
    /// The version.
    pub version: u64,
    /// The generation, which publish, revert, reload and reconcile increment.
    pub generation: u64,
    /// Hash of the canonical form.
    pub sha256: ContentHash,
}

/// Polls for the desired version, and waits while there is none newer than `index`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DesiredQuery {
    /// The epoch of the last response; `None` at first.
    pub epoch: Option<String>,
    /// The index last acted on; 0 for a response without a wait.
    pub index: u64,
    /// Maximum wait in seconds, 0 to 300.
    pub wait: u64,
    /// The instance that polls, so that what it rejected is not sent to it again.
    pub instance: Option<InstanceId>,
    /// The `halt_generation` of the last response, so that the wait ends when the gateway is halted or
    /// its halt ends; `None` if the client does not act on halts.
    pub halt_generation: Option<u64>,
}

/// The desired version, and what instances must act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DesiredResponse {
    /// The epoch of the store. It changes when the store is restored, which makes indexes invalid.
    pub epoch: String,
    /// The `index` of the next poll: the generation of the gateway.
    pub index: u64,
    /// Whether the index of the request belongs to another epoch, and everything must be applied again.
    #[serde(default)]
    pub reset: bool,
    /// The desired version. Its content is a separate, immutable resource.
    #[serde(default)]
    pub desired: Option<DesiredVersion>,
    /// Generation of the last request to reload the source, to act on when it is above the index
    /// last acted on.
    #[serde(default)]
    pub reload_generation: u64,
    /// Generation of the last request to apply the desired version even if it seems to be applied.
    #[serde(default)]
    pub reconcile_generation: u64,
    /// The halt of the gateway, if it is halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
    /// The number of the last change of the halt, 0 if the gateway was never halted; `None` from an
    /// older control plane, which does not know about halts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt_generation: Option<u64>,
    /// The time at the control plane.
    pub server_time: Timestamp,
}

/// The outcome of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollOutcome {
    /// There is something to act on.
    Changed(Box<DesiredResponse>),
    /// The wait timed out; poll again.
    Unchanged,
    /// The server is shutting down; poll again after this many seconds, which differ between
    /// clients.
    RetryAfter(u16),
}
