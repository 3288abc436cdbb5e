//! The differences between two versions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ContentHash, GatewayId};

/// One of the compared versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ComparedVersion {
    /// Its number.
    pub version: u64,
    /// Hash of its canonical form.
    pub sha256: ContentHash,
}

/// The changes from one version to another. Secrets are masked such that a change still shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VersionDiff {
    /// The gateway of both.
    pub gateway: GatewayId,
    /// The version to compare with.
    pub from: ComparedVersion,
    /// The requested version.
    pub to: ComparedVersion,
    /// Whether both have the same canonical form.
    pub same: bool,
    /// The changes, the policies that they weaken and a patch, as in the output of
    /// `kt gateway diff -o json`.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub diff: Value,
    /// The changes in the format of `diff -u`; empty when there are none.
    pub unified: String,
}
