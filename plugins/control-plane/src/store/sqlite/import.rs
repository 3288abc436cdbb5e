//! Taking rows of another store in.

use kt_control_api::{AuditEntry, ContentHash, Timestamp};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use super::write_transaction::WriteTransaction;
use super::{audit, rows};
use crate::store::{
    ApplyOutcomeRow, ChangeContext, ContentRow, ExportHeader, ExportRecord, GatewayRow,
    ImportSummary, Progress, RecordSource, StoreError, TokenRow, VersionRow,
};

/// Takes everything in, as one change.
pub(super) fn import(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    header: &ExportHeader,
    records: &mut RecordSource<'_>,
) -> Result<ImportSummary, StoreError> {
    let mut progress = Progress::new(header.whole && is_empty(transaction)?);
    let mut taken = Vec::new();
    for record in records {
        let record = record?;
        if progress.accept(&record) {
            insert(transaction, &record, &mut taken)?;
        }
    }
    if !taken.is_empty() {
        return Err(StoreError::AlreadyExists(taken));
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

/// Makes sure that every version that should have a content has it.
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
        .query_row(sql, [seq], |row| rows::hash(row, "hash"))
        .optional()?)
}

fn rev(transaction: &WriteTransaction<'_>, gateway: &str) -> Result<Option<u64>, rusqlite::Error> {
    let sql = "SELECT rev FROM gateways WHERE id = ?1";
    transaction.query_row(sql, [gateway], |row| row.get(0))
}

/// Stores a row; of a gateway that cannot be stored, says what is in its way.
fn insert(
    transaction: &WriteTransaction<'_>,
    record: &ExportRecord,
    taken: &mut Vec<String>,
) -> Result<(), StoreError> {
    match record {
        ExportRecord::Gateway(row) => match occupied(transaction, row)? {
            Some(what) => taken.push(what),
            None => gateway(transaction, row)?,
        },
        // What belongs to a gateway that is refused has no place.
        _ if !taken.is_empty() => {}
        ExportRecord::Content(row) => content(transaction, row)?,
        ExportRecord::Version(row) => version(transaction, row)?,
        ExportRecord::Answer(row) => answer(transaction, row)?,
        ExportRecord::Token(row) => token(transaction, row)?,
        // Its seal is computed anew, and must come out as it was.
        ExportRecord::Audit(row) => audit::insert(
            transaction,
            &AuditEntry {
                hash: None,
                ..row.clone()
            },
        )?,
    }
    Ok(())
}

fn occupied(
    transaction: &WriteTransaction<'_>,
    row: &GatewayRow,
) -> Result<Option<String>, rusqlite::Error> {
    let sql = "SELECT id FROM gateways
               WHERE id = ?1 OR (name = ?2 AND deleted_at IS NULL AND ?3 IS NULL)";
    let deleted = micros(row.deleted_at);
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

fn gateway(transaction: &WriteTransaction<'_>, row: &GatewayRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO gateways(id, name, description, labels, rev, generation,
                   reload_generation, reconcile_generation, last_version, desired_version,
                   created_at, updated_at, deleted_at, drift_policy)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    transaction.prepare_cached(sql)?.execute(params![
        row.id.as_str(),
        row.name,
        row.description,
        serde_json::to_string(&row.labels)?,
        row.rev,
        row.generation,
        row.reload_generation,
        row.reconcile_generation,
        row.last_version,
        row.desired_version,
        row.created_at.as_microsecond(),
        row.updated_at.as_microsecond(),
        micros(row.deleted_at),
        row.drift.as_str(),
    ])?;
    Ok(())
}

fn content(transaction: &WriteTransaction<'_>, row: &ContentRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO blobs(sha256, content) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
    transaction
        .prepare_cached(sql)?
        .execute(params![row.sha256.as_bytes(), row.content])?;
    Ok(())
}

fn version(transaction: &WriteTransaction<'_>, row: &VersionRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author,
                   created_at, origin, reverts_to, source, message, pinned, pruned_at)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    transaction.prepare_cached(sql)?.execute(params![
        row.gateway.as_str(),
        row.version,
        row.sha256.as_bytes(),
        row.content_sha256.as_bytes(),
        row.size,
        row.author,
        row.created_at.as_microsecond(),
        row.origin.as_str(),
        row.reverts_to,
        row.source,
        row.message,
        row.pinned,
        micros(row.pruned_at),
    ])?;
    Ok(())
}

fn answer(transaction: &WriteTransaction<'_>, row: &ApplyOutcomeRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO apply_history(at, gateway_id, instance_id, generation, version, outcome,
                   code, message)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        row.at.as_microsecond(),
        row.gateway.as_str(),
        row.instance,
        row.generation,
        row.version,
        row.outcome,
        row.code,
        row.message,
    ])?;
    Ok(())
}

fn token(transaction: &WriteTransaction<'_>, row: &TokenRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO tokens(id, name, kind, hash, hint, scope, gateway_id, created_by,
                   created_at, expires_at, revoked_at)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    transaction.prepare_cached(sql)?.execute(params![
        row.id.as_str(),
        row.name,
        row.kind,
        row.sha256.as_bytes(),
        row.hint,
        row.scope,
        row.gateway.as_ref().map(kt_control_api::GatewayId::as_str),
        row.created_by,
        row.created_at.as_microsecond(),
        micros(row.expires_at),
        micros(row.revoked_at),
    ])?;
    Ok(())
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}
