//! The audit log. The database itself assigns the number of each row and computes its seal.

use kt_control_api::{AuditEntry, Timestamp, canonical_json};
use serde_json::Value;
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::text::{storable, storable_json};
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
    let condition = format!(
        "WHERE seq < $1 AND ($2::text IS NULL OR target = $2) AND ($3::text IS NULL OR actor = $3)
           AND ($4::bigint IS NULL OR at >= $4) AND seq > $6
           AND ($7::bigint IS NULL OR at < $7) AND ($8::text IS NULL OR action = $8)
         ORDER BY seq {} LIMIT $5",
        filter.order()
    );
    let place = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
    let before = filter.before.map_or(i64::MAX, place);
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let values: [&(dyn ToSql + Sync); 8] = [
        &before,
        &filter.target.as_deref().map(storable),
        &filter.actor.as_deref().map(storable),
        &filter.since.map(Timestamp::as_microsecond),
        &limit,
        &filter.after.map_or(0, place),
        &filter.until.map(Timestamp::as_microsecond),
        &filter.action.as_deref().map(storable),
    ];
    let found = session
        .rows(&rows::select::<AuditEntry>(&condition), &values)
        .await?;
    rows::read_all(&found)
}
