//! The format of an export. The format is stable: fields are added, never changed.

use kt_control_api::{AuditEntry, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::rows::{ApplyOutcomeRow, ContentRow, GatewayRow, TokenRow, VersionRow};

/// The first line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHeader {
    /// [`ExportHeader::FORMAT`].
    pub format: String,
    /// The version of kt that wrote it.
    pub kt: String,
    /// When it was written.
    pub exported_at: Timestamp,
    /// The epoch of the exported store.
    pub epoch: String,
    /// Whether the whole store is exported.
    pub whole: bool,
}

impl ExportHeader {
    /// The name of the format.
    pub const FORMAT: &str = "kt.control-plane.export/1";
}

/// A line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum ExportRecord {
    /// A gateway, before everything that belongs to it.
    Gateway(GatewayRow),
    /// A content, once, before the first version that has it.
    Content(ContentRow),
    /// A version, in ascending order for each gateway.
    Version(VersionRow),
    /// An answer of an instance.
    ApplyOutcome(ApplyOutcomeRow),
    /// A token, as its hash.
    Token(TokenRow),
    /// An audit row, the oldest first.
    Audit(AuditEntry),
}
