//! What an export consists of. The form is a contract: fields are added, never changed.

use std::collections::BTreeMap;

use kt_control_api::{
    AuditEntry, ConfigVersion, ContentHash, DriftPolicy, GatewayId, Timestamp, TokenId,
    VersionOrigin,
};
use serde::{Deserialize, Serialize};

/// What stands first in an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHeader {
    /// [`ExportHeader::FORMAT`].
    pub format: String,
    /// The kt that wrote it.
    pub kt: String,
    /// When.
    pub exported_at: Timestamp,
    /// The history it was taken from.
    pub epoch: String,
    /// Whether it is everything of the store.
    pub whole: bool,
}

impl ExportHeader {
    /// Name of the format.
    pub const FORMAT: &str = "kt.control-plane.export/1";
}

/// One row of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum ExportRecord {
    /// A gateway; comes before everything that belongs to it.
    Gateway(GatewayRow),
    /// The bytes of a configuration; come once, before the first version that has them.
    Content(ContentRow),
    /// A version; those of a gateway come in order.
    Version(VersionRow),
    /// What an instance answered.
    Answer(ApplyOutcomeRow),
    /// A token, as its hash.
    Token(TokenRow),
    /// A row of the trail, the oldest first.
    Audit(AuditEntry),
}

/// A gateway as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayRow {
    /// Its id.
    pub id: GatewayId,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is done about drift.
    #[serde(default, skip_serializing_if = "DriftPolicy::is_default")]
    pub drift: DriftPolicy,
    /// Its revision.
    pub rev: u64,
    /// Its generation.
    pub generation: u64,
    /// Generation of the last request to take the source again.
    pub reload_generation: u64,
    /// Generation of the last request to reconcile.
    pub reconcile_generation: u64,
    /// Number of its versions.
    pub last_version: u64,
    /// The version it is meant to serve.
    pub desired_version: Option<u64>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
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

/// A version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRow {
    /// Whose version.
    pub gateway: GatewayId,
    /// Its number.
    pub version: u64,
    /// Hash of the canonical form.
    pub sha256: ContentHash,
    /// Hash of the bytes: names the content.
    pub content_sha256: ContentHash,
    /// Length of the content in bytes.
    pub size: u64,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// How it came to be.
    pub origin: VersionOrigin,
    /// The version it repeats.
    pub reverts_to: Option<u64>,
    /// The file it was read from.
    pub source: Option<String>,
    /// Why it was made.
    pub message: Option<String>,
    /// Whether its content is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// When its content was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned_at: Option<Timestamp>,
}

impl VersionRow {
    /// The row of a version as it is shown elsewhere too.
    pub(in crate::store) fn of(
        gateway: GatewayId,
        content_sha256: ContentHash,
        version: ConfigVersion,
    ) -> Self {
        Self {
            gateway,
            version: version.version,
            sha256: version.sha256,
            content_sha256,
            size: version.size,
            author: version.author,
            created_at: version.created_at,
            origin: version.origin,
            reverts_to: version.reverts_to,
            source: version.source,
            message: version.message,
            pinned: version.pinned,
            pruned_at: version.pruned_at,
        }
    }
}

/// An answer of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyOutcomeRow {
    /// When.
    pub at: Timestamp,
    /// Of which gateway.
    pub gateway: GatewayId,
    /// Which instance.
    pub instance: String,
    /// To which generation.
    pub generation: u64,
    /// Of which version.
    pub version: Option<u64>,
    /// `applied` or `rejected`.
    pub outcome: String,
    /// The reason's id.
    pub code: Option<String>,
    /// The reason.
    pub message: Option<String>,
}

/// A token as it is kept: the token cannot be had from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// `access`, `gateway` or `bootstrap`.
    pub kind: String,
    /// SHA-256 of the token.
    pub sha256: ContentHash,
    /// Its first characters.
    pub hint: String,
    /// `admin`, `read`, `gateway` or `bootstrap`.
    pub scope: String,
    /// The gateway it is for, or has registered.
    pub gateway: Option<GatewayId>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
