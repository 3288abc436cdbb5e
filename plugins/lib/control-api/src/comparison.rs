//! What parts two versions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ContentHash, GatewayId};

/// One of two versions that are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ComparedVersion {
    /// Its number.
    pub version: u64,
    /// Hash of what it means.
    pub sha256: ContentHash,
}

/// What changes from one version to another. Secrets are masked, so that a change still shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VersionDiff {
    /// The gateway of both.
    pub gateway: GatewayId,
    /// What is compared with.
    pub from: ComparedVersion,
    /// The version that was asked for.
    pub to: ComparedVersion,
    /// Whether both mean the same.
    pub same: bool,
    /// The changes, the guards that they weaken and a patch, as `kt gateway diff -o json` has
    /// them.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub diff: Value,
    /// Both sides in the form of `diff -u`; empty when they mean the same.
    pub unified: String,
}
