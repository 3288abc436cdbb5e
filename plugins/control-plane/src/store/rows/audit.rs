//! Rows of the audit log.

use kt_control_api::{AuditEntry, ContentHash, Timestamp};
use serde_json::Value;

use crate::store::table::columns;

columns! {
    AuditEntry in "audit" {
        seq: u64,
        at: Timestamp,
        actor: String,
        request_id: String,
        action: String,
        target: String,
        rev: Option<u64>,
        detail: Value,
        hash: Option<ContentHash>,
    }
}
