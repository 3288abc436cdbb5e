//! Taking the contents of old versions away.

use serde::{Deserialize, Serialize};

use crate::GatewayId;

/// Asks that the contents of old versions be taken away: of those that are neither pinned nor
/// desired, and that no instance serves or was told of. The versions themselves stay, with number,
/// hash, author and time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PruneRequest {
    /// How many of the newest versions keep their contents, from 1.
    #[cfg_attr(feature = "schema", schema(minimum = 1))]
    pub keep: u64,
    /// Whether to say what would be done without doing it.
    #[serde(default)]
    pub dry_run: bool,
    /// Why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Versions from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VersionRange {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// The answer to [`PruneRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PruneResponse {
    /// The gateway.
    pub gateway: GatewayId,
    /// The versions that lost their contents, or would, in their order.
    pub versions: Vec<VersionRange>,
    /// How many these are.
    pub count: u64,
    /// Bytes of contents that were, or would be, given up: those that no other version has.
    pub bytes: u64,
}
