//! Backups that a server makes.

use serde::{Deserialize, Serialize};

use crate::ContentHash;

/// The wish for a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// Remove the oldest backups beyond this many, 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BackupInfo {
    /// Its name in the folder `backups` of the server's state directory.
    pub file: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: ContentHash,
    /// The history it belongs to.
    pub epoch: String,
    /// Newest row of the trail in it.
    pub audit_seq: u64,
    /// Names of the backups that were removed.
    pub removed: Vec<String>,
}
