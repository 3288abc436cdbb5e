//! Versions of configurations, and their contents.

use kt_control_api::{
    ConfigVersion, ContentHash, GatewayId, RevertRequest, Timestamp, VersionOrigin,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::change::ChangeContext;
use crate::store::table::row;

row! {
    /// A version as it is stored and exported.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct VersionRow in "config_versions" {
        /// The gateway.
        pub gateway: GatewayId as "gateway_id",
        /// Its number.
        pub version: u64,
        /// Hash of the canonical form.
        pub sha256: ContentHash,
        /// Hash of the bytes, which identifies the content.
        pub content_sha256: ContentHash as "blob",
        /// Length of the content in bytes.
        pub size: u64,
        /// Who created it.
        pub author: String,
        /// When it was created.
        pub created_at: Timestamp,
        /// How it was created.
        pub origin: VersionOrigin,
        /// The version that it reverts to.
        pub reverts_to: Option<u64>,
        /// Name of the file that it was read from.
        pub source: Option<String>,
        /// The reason for it.
        pub message: Option<String>,
        /// Whether its content is kept when others are pruned.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub pinned: bool,
        /// When its content was pruned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub pruned_at: Option<Timestamp>,
    }
}

/// A configuration, verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentRow {
    /// SHA-256 of its bytes.
    pub sha256: ContentHash,
    /// The text.
    pub content: String,
}

/// A version to publish. It has passed validation.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The configuration, verbatim.
    pub content: String,
    /// Hash of its canonical form.
    pub sha256: ContentHash,
    /// How it was created.
    pub origin: VersionOrigin,
    /// Name of the file that it was read from.
    pub source: Option<String>,
    /// The reason for it.
    pub message: Option<String>,
}

impl NewVersion {
    /// Returns the row of the version, with the number that it gets.
    pub(in crate::store) fn row(
        &self,
        gateway: &GatewayId,
        version: u64,
        change: &ChangeContext,
    ) -> VersionRow {
        VersionRow {
            gateway: gateway.clone(),
            version,
            sha256: self.sha256,
            content_sha256: ContentHash::from_bytes(Sha256::digest(&self.content).into()),
            size: self.content.len() as u64,
            author: change.actor.clone(),
            created_at: change.now,
            origin: self.origin,
            reverts_to: None,
            source: self.source.clone(),
            message: self.message.clone(),
            pinned: false,
            pruned_at: None,
        }
    }
}

impl VersionRow {
    /// Returns the row of a new version with the content of this one.
    pub(in crate::store) fn reverted(
        &self,
        version: u64,
        change: &ChangeContext,
        revert: &RevertRequest,
    ) -> Self {
        Self {
            version,
            author: change.actor.clone(),
            created_at: change.now,
            origin: VersionOrigin::Revert,
            reverts_to: Some(self.version),
            message: revert.reason.clone(),
            pinned: false,
            ..self.clone()
        }
    }
}

impl From<VersionRow> for ConfigVersion {
    fn from(row: VersionRow) -> Self {
        Self {
            version: row.version,
            sha256: row.sha256,
            size: row.size,
            author: row.author,
            created_at: row.created_at,
            origin: row.origin,
            reverts_to: row.reverts_to,
            source: row.source,
            message: row.message,
            pinned: row.pinned,
            pruned_at: row.pruned_at,
        }
    }
}
