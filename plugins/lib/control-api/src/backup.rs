//! Backups of the store of a server.

use serde::{Deserialize, Serialize};

use crate::ContentHash;

/// Requests a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// How many of the newest backups to keep, 1 to 10000; older ones are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BackupInfo {
    /// Its name in the directory `backups` of the server's state directory.
    pub file: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: ContentHash,
    /// The epoch of the store.
    pub epoch: String,
    /// Number of the newest audit row in it.
    pub audit_seq: u64,
    /// Names of the backups that were removed.
    pub removed: Vec<String>,
}
