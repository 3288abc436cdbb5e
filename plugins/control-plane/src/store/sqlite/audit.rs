//! The trail of changes, written with each change and sealed row by row.

use kt_control_api::{AuditEntry, ContentHash};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::Value;

use super::rows;
use crate::store::{AuditFilter, Change, StoreError};

/// Everything that [`entry`] reads.
pub(super) const ENTRY: &str = "
    SELECT seq, at, actor, request_id, action, target, rev, detail, hash FROM audit";

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
    transaction.prepare_cached(sql)?.execute(row)?;
    seal(transaction)
}

/// Seals every row that has no seal yet: the one just added, and those of a kt without seals.
pub(super) fn seal(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let sql = "SELECT min(seq) FROM audit WHERE hash IS NULL";
    let Some(first) = transaction
        .prepare_cached(sql)?
        .query_row([], |row| row.get::<_, Option<u64>>(0))?
    else {
        return Ok(());
    };
    let mut previous = seal_before(transaction, first)?;
    let sql = format!("{ENTRY} WHERE seq >= ?1 ORDER BY seq");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([first])?;
    while let Some(row) = found.next()? {
        let row = entry(row)?;
        if row.hash.is_none() {
            let seal = row.seal(previous.as_ref());
            let sql = "UPDATE audit SET hash = ?2 WHERE seq = ?1";
            transaction
                .prepare_cached(sql)?
                .execute(params![row.seq, seal.as_bytes()])?;
            previous = Some(seal);
        } else {
            previous = row.hash;
        }
    }
    Ok(())
}

fn seal_before(
    transaction: &Transaction<'_>,
    seq: u64,
) -> Result<Option<ContentHash>, rusqlite::Error> {
    let sql = "SELECT hash FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT 1";
    transaction
        .prepare_cached(sql)?
        .query_row([seq], |row| rows::hash(row, "hash"))
        .optional()
}

pub(super) fn list(
    connection: &Connection,
    filter: &AuditFilter,
) -> Result<Vec<AuditEntry>, rusqlite::Error> {
    let sql = format!(
        "{ENTRY}
         WHERE seq < ?1 AND (?2 IS NULL OR target = ?2) AND (?3 IS NULL OR actor = ?3)
           AND (?4 IS NULL OR at >= ?4)
         ORDER BY seq DESC LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(
        params![
            filter.before.unwrap_or(i64::MAX as u64),
            filter.target,
            filter.actor,
            filter.since.map(|time| time.as_microsecond()),
            filter.limit as u64,
        ],
        entry,
    )?;
    found.collect()
}

/// Takes over a row as it was written, in its place and without its seal, which is computed anew.
pub(super) fn insert(transaction: &Transaction<'_>, row: &AuditEntry) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit(seq, at, actor, request_id, action, target, rev, detail)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        row.seq,
        row.at.as_microsecond(),
        row.actor,
        row.request_id,
        row.action,
        row.target,
        row.rev,
        row.detail.to_string(),
    ])?;
    Ok(())
}

pub(super) fn entry(row: &Row<'_>) -> Result<AuditEntry, rusqlite::Error> {
    let hash: Option<[u8; 32]> = row.get("hash")?;
    Ok(AuditEntry {
        seq: row.get("seq")?,
        at: rows::time(row, "at")?,
        actor: row.get("actor")?,
        request_id: row.get("request_id")?,
        action: row.get("action")?,
        target: row.get("target")?,
        rev: row.get("rev")?,
        detail: rows::parsed::<String, _>(row, "detail", |text| serde_json::from_str(&text).ok())?,
        hash: hash.map(ContentHash::from_bytes),
    })
}
