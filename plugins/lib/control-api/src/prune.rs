//! Pruning the contents of old versions.

use serde::{Deserialize, Serialize};

use crate::GatewayId;

/// Prunes the contents of old versions that are neither pinned nor desired, and that no instance
/// serves or has fetched. The versions themselves stay, with number, hash, author and time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PruneRequest {
    /// How many of the newest versions keep their contents, from 1.
    #[cfg_attr(feature = "schema", schema(minimum = 1))]
    pub keep: u64,
    /// Whether to report what would be done without doing it.
    #[serde(default)]
    pub dry_run: bool,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A range of versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VersionRange {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// The response to [`PruneRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PruneResponse {
    /// The gateway.
    pub gateway: GatewayId,
    /// The versions whose contents were, or would be, pruned, in ascending order.
    pub versions: Vec<VersionRange>,
    /// The number of these versions.
    pub count: u64,
    /// Bytes that were, or would be, freed: those of contents that no other version has.
    pub bytes: u64,
}
