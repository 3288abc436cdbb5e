//! Imports rows of another store.

use kt_control_api::{ContentHash, GatewayId, Timestamp, canonical_json};
use serde_json::json;

use super::bulk::PendingRows;
use super::query_error::QueryError;
use super::rows::{self, bigint};
use super::session::Session;
use super::text::storable_json;
use crate::store::transfer::ImportProgress;
use crate::store::{
    ChangeContext, ExportHeader, ExportRecord, GatewayRow, ImportSummary, RecordSource, StoreError,
};

/// Changes wait, because each writes an audit row; reading does not.
const EXCLUSIVE: &str = "LOCK TABLE blobs, audit IN SHARE ROW EXCLUSIVE MODE";

/// Imports all records as one change.
pub(super) async fn import(
    session: &mut Session,
    change: &ChangeContext,
    header: &ExportHeader,
    records: &mut RecordSource<'_>,
) -> Result<ImportSummary, QueryError> {
    session.begin();
    session.batch_execute("BEGIN").await?;
    let imported = match import_all(session, change, header, records).await {
        Ok(imported) => imported,
        Err(error) => {
            session.roll_back().await;
            return Err(error);
        }
    };
    session.committing();
    session.batch_execute("COMMIT").await?;
    session.committed();
    Ok(imported)
}

async fn import_all(
    session: &Session,
    change: &ChangeContext,
    header: &ExportHeader,
    records: &mut RecordSource<'_>,
) -> Result<ImportSummary, QueryError> {
    session.batch_execute(EXCLUSIVE).await?;
    let mut progress = ImportProgress::new(header.whole && is_empty(session).await?);
    let mut existing = Vec::new();
    let mut pending = PendingRows::default();
    for record in records {
        let record = record?;
        if !progress.accept(&record) {
            continue;
        }
        // Nothing exists in an empty store.
        if let (ExportRecord::Gateway(row), false) = (&record, progress.whole) {
            existing.extend(find_existing(session, row).await?);
        }
        // The first thing that exists fails the import; only the others are still looked for.
        if existing.is_empty() {
            pending.push(session, record).await?;
        }
    }
    if !existing.is_empty() {
        return Err(StoreError::AlreadyExists(existing).into());
    }
    pending.insert(session).await?;
    check_contents(session).await?;
    if let (Some((head, _)), Some((last, seal))) = (progress.head, pending.last_seal()) {
        let seal = if head == last {
            Some(seal)
        } else {
            seal_of(session, head).await?
        };
        progress.check_head(seal)?;
    }
    if !progress.whole {
        for gateway in &progress.imported.gateways {
            record_import(session, change, header, gateway).await?;
        }
    }
    Ok(progress.imported)
}

async fn is_empty(session: &Session) -> Result<bool, QueryError> {
    let sql = "SELECT NOT EXISTS (SELECT FROM gateways) AND NOT EXISTS (SELECT FROM tokens)
                   AND NOT EXISTS (SELECT FROM audit)";
    let row = session.row(sql, &[]).await?;
    row.as_ref().map_or(Ok(false), rows::only)
}

/// Checks that every version that should have a content has it.
async fn check_contents(session: &Session) -> Result<(), QueryError> {
    let sql = "SELECT gateway_id, version FROM config_versions v WHERE pruned_at IS NULL
                   AND NOT EXISTS (SELECT FROM blobs WHERE sha256 = v.blob) LIMIT 1";
    match session.row(sql, &[]).await? {
        None => Ok(()),
        Some(row) => {
            let version = rows::number(&row, "version")?;
            Err(StoreError::no_content(row.try_get("gateway_id")?, version).into())
        }
    }
}

async fn seal_of(session: &Session, seq: u64) -> Result<Option<ContentHash>, QueryError> {
    let sql = "SELECT hash FROM audit WHERE seq = $1";
    let row = session.row(sql, &[&bigint(seq)?]).await?;
    row.as_ref().map(|row| rows::hash(row, "hash")).transpose()
}

/// Writes the audit row of a gateway that was added to existing ones.
async fn record_import(
    session: &Session,
    change: &ChangeContext,
    header: &ExportHeader,
    gateway: &GatewayId,
) -> Result<(), QueryError> {
    let sql = "INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
               SELECT $1, $2, $3, 'gateway.import', id, rev, $5 FROM gateways WHERE id = $4";
    let detail = json!({"from": header.epoch, "exported_at": header.exported_at});
    let detail = canonical_json(&storable_json(detail));
    let at = change.now.as_microsecond();
    let (actor, request) = (&change.actor, &change.request_id);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&at, actor, request, &gateway.as_str(), &detail];
    session.rows(sql, &values).await.map(drop)
}

async fn find_existing(session: &Session, row: &GatewayRow) -> Result<Option<String>, QueryError> {
    let sql = "SELECT id FROM gateways
               WHERE id = $1 OR (name = $2 AND deleted_at IS NULL AND $3::bigint IS NULL)";
    let deleted = row.deleted_at.map(Timestamp::as_microsecond);
    let found = session
        .row(sql, &[&row.id.as_str(), &row.name, &deleted])
        .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let id: &str = rows::only(&found)?;
    Ok(Some(if id == row.id.as_str() {
        format!("gateway {id}")
    } else {
        format!("the name `{}` (gateway {id})", row.name)
    }))
}
