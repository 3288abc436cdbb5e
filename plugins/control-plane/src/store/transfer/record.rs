//! What an export consists of. The form is a contract: fields are added, never changed.

use kt_control_api::{AuditEntry, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::rows::{ApplyOutcomeRow, ContentRow, GatewayRow, TokenRow, VersionRow};

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
