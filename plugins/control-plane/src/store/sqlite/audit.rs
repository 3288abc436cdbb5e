//! The trail of changes, written with each change.

use rusqlite::{Transaction, params};
use serde_json::Value;

use crate::store::{Change, StoreError};

/// Adds a row. `detail` must hold neither contents nor tokens.
pub(super) fn record(
    transaction: &Transaction<'_>,
    change: &Change,
    action: &str,
    target: &str,
    rev: Option<u64>,
    detail: &Value,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let at = change.now.as_microsecond();
    let row = params![
        at,
        change.actor,
        change.request_id,
        action,
        target,
        rev,
        detail.to_string()
    ];
    transaction.execute(sql, row)?;
    Ok(())
}
