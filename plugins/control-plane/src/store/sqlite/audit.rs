//! The audit log, of which each change writes and seals a row.

use kt_control_api::{AuditEntry, ContentHash, Timestamp};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::Value;

use super::rows;
use super::write_transaction::WriteTransaction;
use crate::store::audit_spans::{LAST_BEFORE, LAST_UNTIL, SeqBounds};
use crate::store::table::{Dialect, Row};
use crate::store::{AuditFilter, ChangeContext, StoreError};

/// Adds a sealed row. `detail` must contain neither contents nor tokens.
pub(super) fn record(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    action: &str,
    target: &str,
    rev: Option<u64>,
    detail: &Value,
) -> Result<(), StoreError> {
    let last = last_before(transaction, i64::MAX as u64)?;
    let mut row = AuditEntry {
        seq: last.map_or(1, |(seq, _)| seq + 1),
        at: change.now,
        actor: change.actor.clone(),
        request_id: change.request_id.clone(),
        action: action.to_owned(),
        target: target.to_owned(),
        rev,
        detail: detail.clone(),
        hash: None,
    };
    if let Some((_, None)) = last {
        // A kt that does not know seals wrote the last row.
        rows::insert(transaction, &row, "")?;
        return seal(transaction);
    }
    row.hash = Some(row.seal(last.and_then(|(_, hash)| hash).as_ref()));
    rows::insert(transaction, &row, "").map(drop)
}

/// Seals every row without a seal: those that an older kt wrote, and imported ones.
pub(super) fn seal(transaction: &WriteTransaction<'_>) -> Result<(), StoreError> {
    let sql = "SELECT min(seq) FROM audit WHERE hash IS NULL";
    let Some(first) = transaction
        .prepare_cached(sql)?
        .query_row([], |row| row.get::<_, Option<u64>>(0))?
    else {
        return Ok(());
    };
    let mut previous = last_before(transaction, first)?.and_then(|(_, hash)| hash);
    let sql = rows::select::<AuditEntry>("WHERE seq >= ?1 ORDER BY seq");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([first])?;
    while let Some(row) = found.next()? {
        let row = AuditEntry::from_row(row)?;
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

/// Returns number and seal of the last row before a number.
fn last_before(
    connection: &Connection,
    seq: u64,
) -> Result<Option<(u64, Option<ContentHash>)>, rusqlite::Error> {
    let sql = "SELECT seq, hash FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| {
        let hash: Option<[u8; 32]> = row.get("hash")?;
        Ok((row.get("seq")?, hash.map(ContentHash::from_bytes)))
    };
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([seq], read).optional()
}

pub(super) fn list(
    connection: &Connection,
    filter: &AuditFilter,
) -> Result<Vec<AuditEntry>, rusqlite::Error> {
    let (condition, values) = filter.condition(Dialect::Sqlite, bounds(connection, filter)?);
    rows::query(connection, &condition, params_from_iter(values))
}

/// Returns the bounds of the numbers of the rows in the interval of a filter.
fn bounds(connection: &Connection, filter: &AuditFilter) -> Result<SeqBounds, rusqlite::Error> {
    let last = |sql: &str, time: Option<Timestamp>| {
        let Some(time) = time else {
            return Ok(None);
        };
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_row([time.as_microsecond()], |row| row.get::<_, Option<u64>>(0))
    };
    Ok(SeqBounds {
        after: last(LAST_BEFORE, filter.since)?,
        before: last(LAST_UNTIL, filter.until)?.map(|seq| seq + 1),
    })
}
