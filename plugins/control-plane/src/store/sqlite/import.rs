//! Imports rows of another store.

use kt_control_api::{AuditEntry, ContentHash, Timestamp};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use super::write_transaction::WriteTransaction;
use super::{audit, rows, versions};
use crate::store::transfer::ImportProgress;
use crate::store::{
    ChangeContext, ExportHeader, ExportRecord, GatewayRow, ImportSummary, RecordSource, StoreError,
};

/// Imports all records as one change.
pub(super) fn import(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    header: &ExportHeader,
    records: &mut RecordSource<'_>,
) -> Result<ImportSummary, StoreError> {
    let mut progress = ImportProgress::new(header.whole && is_empty(transaction)?);
    let mut existing = Vec::new();
    for record in records {
        let record = record?;
        if progress.accept(&record) {
            insert(transaction, &record, &mut existing)?;
        }
    }
    if !existing.is_empty() {
        return Err(StoreError::AlreadyExists(existing));
    }
    check_contents(transaction)?;
    audit::seal(transaction)?;
    if let Some((seq, _)) = progress.head {
        progress.check_head(seal_of(transaction, seq)?)?;
    }
    if !progress.whole {
        for gateway in &progress.imported.gateways {
            let detail = json!({"from": header.epoch, "exported_at": header.exported_at});
            let rev = rev(transaction, gateway.as_str())?;
            let target = gateway.as_str();
            audit::record(transaction, change, "gateway.import", target, rev, &detail)?;
        }
    }
    Ok(progress.imported)
}

fn is_empty(transaction: &WriteTransaction<'_>) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM gateways) AND NOT EXISTS (SELECT 1 FROM tokens)
                   AND NOT EXISTS (SELECT 1 FROM audit)";
    transaction.query_row(sql, [], |row| row.get(0))
}

/// Checks that every version that should have a content has it.
fn check_contents(transaction: &WriteTransaction<'_>) -> Result<(), StoreError> {
    let sql = "SELECT gateway_id, version FROM config_versions v WHERE pruned_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM blobs WHERE sha256 = v.blob) LIMIT 1";
    let missing = transaction
        .query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
        .optional()?;
    match missing {
        None => Ok(()),
        Some((gateway, version)) => Err(StoreError::no_content(&gateway, version)),
    }
}

fn seal_of(
    transaction: &WriteTransaction<'_>,
    seq: u64,
) -> Result<Option<ContentHash>, StoreError> {
    let sql = "SELECT hash FROM audit WHERE seq = ?1";
    Ok(transaction
        .query_row(sql, [seq], |row| row.get(0).map(ContentHash::from_bytes))
        .optional()?)
}

fn rev(transaction: &WriteTransaction<'_>, gateway: &str) -> Result<Option<u64>, rusqlite::Error> {
    let sql = "SELECT rev FROM gateways WHERE id = ?1";
    transaction.query_row(sql, [gateway], |row| row.get(0))
}

/// Stores a record, or adds what exists already to `existing`.
fn insert(
    transaction: &WriteTransaction<'_>,
    record: &ExportRecord,
    existing: &mut Vec<String>,
) -> Result<(), StoreError> {
    match record {
        ExportRecord::Gateway(row) => match find_existing(transaction, row)? {
            Some(what) => existing.push(what),
            None => drop(rows::insert(transaction, row, "")?),
        },
        // What belongs to a gateway that exists already is skipped.
        _ if !existing.is_empty() => {}
        ExportRecord::Content(row) => versions::insert(transaction, row)?,
        ExportRecord::Version(row) => drop(rows::insert(transaction, row, "")?),
        ExportRecord::ApplyOutcome(row) => drop(rows::insert(transaction, row, "")?),
        ExportRecord::Token(row) => drop(rows::insert(transaction, row, "")?),
        // The seal is computed again, and must match the exported one.
        ExportRecord::Audit(row) => {
            let row = AuditEntry {
                hash: None,
                ..row.clone()
            };
            rows::insert(transaction, &row, "")?;
        }
    }
    Ok(())
}

fn find_existing(
    transaction: &WriteTransaction<'_>,
    row: &GatewayRow,
) -> Result<Option<String>, rusqlite::Error> {
    let sql = "SELECT id FROM gateways
               WHERE id = ?1 OR (name = ?2 AND deleted_at IS NULL AND ?3 IS NULL)";
    let deleted = row.deleted_at.map(Timestamp::as_microsecond);
    let found = transaction
        .prepare_cached(sql)?
        .query_row(params![row.id.as_str(), row.name, deleted], |found| {
            found.get::<_, String>(0)
        })
        .optional()?;
    Ok(found.map(|id| {
        if id == row.id.as_str() {
            format!("gateway {id}")
        } else {
            format!("the name `{}` (gateway {id})", row.name)
        }
    }))
}
