//! The audit log. The database itself assigns the number of each row and computes its seal.

use kt_control_api::{AuditEntry, Timestamp, canonical_json};
use serde_json::Value;
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::text::{storable, storable_json};
use crate::store::audit_spans::{LAST_BEFORE, LAST_UNTIL, SeqBounds};
use crate::store::table::Dialect;
use crate::store::{AuditEvent, AuditFilter, ChangeContext};

const RECORD: &str = "INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
    VALUES($1, $2, $3, $4, $5, $6, $7)";

/// Adds a row. Gateways have a revision, other objects have none. `detail` must contain neither
/// contents nor tokens.
pub(super) async fn record(
    session: &Session,
    change: &ChangeContext,
    action: &str,
    target: &str,
    rev: Option<u64>,
    detail: Value,
) -> Result<(), QueryError> {
    let row = AuditEntry {
        seq: 0,
        at: change.now,
        actor: change.actor.clone(),
        request_id: change.request_id.clone(),
        action: action.to_owned(),
        target: target.to_owned(),
        rev,
        detail,
        hash: None,
    };
    insert(session, &row).await
}

/// Inserts a row. The database assigns its number and computes its seal.
pub(super) async fn insert(session: &Session, row: &AuditEntry) -> Result<(), QueryError> {
    let values: [&(dyn ToSql + Sync); 7] = [
        &row.at.as_microsecond(),
        &storable(&row.actor),
        &storable(&row.request_id),
        &storable(&row.action),
        &storable(&row.target),
        &row.rev.map(rows::bigint).transpose()?,
        &canonical_json(&storable_json(row.detail.clone())),
    ];
    session.rows(RECORD, &values).await.map(drop)
}

/// Adds a row in a transaction of its own.
pub(super) async fn record_event(
    session: &mut Session,
    change: &ChangeContext,
    note: &AuditEvent,
) -> Result<(), QueryError> {
    session.prepare(&[RECORD]).await?;
    session.committing();
    let detail = note.detail.clone();
    record(session, change, note.action, &note.target, None, detail).await
}

pub(super) async fn list(
    session: &Session,
    filter: &AuditFilter,
) -> Result<Vec<AuditEntry>, QueryError> {
    let bounds = SeqBounds {
        after: last(session, LAST_BEFORE, filter.since).await?,
        before: last(session, LAST_UNTIL, filter.until)
            .await?
            .map(|seq| seq + 1),
    };
    let (condition, values) = filter.condition(Dialect::Postgres, bounds);
    let sql = rows::select::<AuditEntry>(&condition);
    rows::read_all(&session.rows(&sql, &rows::bound(&values)).await?)
}

/// Returns the number of a row that bounds an interval.
async fn last(
    session: &Session,
    sql: &str,
    time: Option<Timestamp>,
) -> Result<Option<u64>, QueryError> {
    let Some(time) = time else {
        return Ok(None);
    };
    let row = session.row(sql, &[&time.as_microsecond()]).await?;
    let last: Option<i64> = row.as_ref().map_or(Ok(None), rows::only)?;
    Ok(last.map(i64::unsigned_abs))
}
