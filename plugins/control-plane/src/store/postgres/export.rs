//! Exports what the database holds, row by row.

use std::collections::HashSet;

use kt_control_api::{AuditEntry, ContentHash, GatewayId};

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use crate::store::table::Row;
use crate::store::{
    AUDIT_PAGE_ROWS, ApplyOutcomeRow, ContentRow, ExportRecord, GatewayRow, RecordSink, Selection,
    TokenRow, VersionRow,
};

/// Exports the selection, as of the moment when it begins.
pub(super) async fn export(
    session: &mut Session,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    session.begin();
    session
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let exported = export_all(session, selection, sink).await;
    session.roll_back().await;
    exported
}

async fn export_all(
    session: &Session,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    let mut exported = HashSet::new();
    for gateway in gateways(session, selection).await? {
        let id = gateway.id.clone();
        sink(ExportRecord::Gateway(gateway))?;
        versions(session, &id, &mut exported, sink).await?;
        apply_outcomes(session, &id, sink).await?;
    }
    tokens(session, selection, sink).await?;
    if *selection == Selection::Whole {
        audit_log(session, sink).await?;
    }
    Ok(())
}

async fn gateways(session: &Session, selection: &Selection) -> Result<Vec<GatewayRow>, QueryError> {
    let sql = rows::select::<GatewayRow>("ORDER BY id");
    let found = session.rows(&sql, &[]).await?;
    let selected = found.iter().filter(|row| selection.contains(row.get("id")));
    selected.map(GatewayRow::from_row).collect()
}

/// Exports the versions of a gateway, and each content before the first version that has it.
async fn versions(
    session: &Session,
    gateway: &GatewayId,
    exported: &mut HashSet<ContentHash>,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    let sql = rows::select::<VersionRow>("WHERE gateway_id = $1 ORDER BY version");
    for row in session.rows(&sql, &[&gateway.as_str()]).await? {
        let row = VersionRow::from_row(&row)?;
        let sha256 = row.content_sha256;
        if row.pruned_at.is_none() && exported.insert(sha256) {
            let sql = "SELECT content FROM blobs WHERE sha256 = $1";
            let found = session.row(sql, &[&sha256.as_bytes().as_slice()]).await?;
            if let Some(found) = found {
                let content = String::from_utf8(rows::only(&found)?);
                let content = content.map_err(|_| rows::corrupt("a configuration"))?;
                sink(ExportRecord::Content(ContentRow { sha256, content }))?;
            }
        }
        sink(ExportRecord::Version(row))?;
    }
    Ok(())
}

async fn apply_outcomes(
    session: &Session,
    gateway: &GatewayId,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    let sql = rows::select::<ApplyOutcomeRow>("WHERE gateway_id = $1 ORDER BY seq");
    for row in session.rows(&sql, &[&gateway.as_str()]).await? {
        sink(ExportRecord::ApplyOutcome(ApplyOutcomeRow::from_row(&row)?))?;
    }
    Ok(())
}

async fn tokens(
    session: &Session,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    let sql = rows::select::<TokenRow>("ORDER BY id COLLATE \"C\"");
    for row in session.rows(&sql, &[]).await? {
        let row = TokenRow::from_row(&row)?;
        if selection.has_token_of(row.gateway.as_ref()) {
            sink(ExportRecord::Token(row))?;
        }
    }
    Ok(())
}

async fn audit_log(session: &Session, sink: &mut RecordSink<'_>) -> Result<(), QueryError> {
    let page = format!("WHERE seq > $1 ORDER BY seq LIMIT {AUDIT_PAGE_ROWS}");
    let sql = rows::select::<AuditEntry>(&page);
    let mut last = 0_i64;
    loop {
        let page = session.rows(&sql, &[&last]).await?;
        for row in &page {
            last = row.try_get("seq")?;
            sink(ExportRecord::Audit(AuditEntry::from_row(row)?))?;
        }
        if page.len() < AUDIT_PAGE_ROWS {
            return Ok(());
        }
    }
}
