//! Telling what the database keeps, row by row.

use std::collections::HashSet;

use kt_control_api::{ContentHash, GatewayId};
use tokio_postgres::Row;

use super::audit;
use super::failure::Failure;
use super::rows::{self, damaged, number, number_or_none, time, time_or_none, word};
use super::session::Session;
use crate::store::{
    AUDIT_PAGE_ROWS, ApplyOutcomeRow, ContentRow, ExportRecord, GatewayRow, RecordSink, Selection,
    TokenRow, VersionRow,
};

const VERSIONS: &str = "
    SELECT version, sha256, blob, size, author, created_at, origin, reverts_to, source, message,
      pinned, pruned_at
    FROM config_versions WHERE gateway_id = $1 ORDER BY version";

/// Tells everything of the selection, as of the moment when it begins.
pub(super) async fn export(
    session: &mut Session,
    selection: &Selection,
    take: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    session.begin();
    session
        .say("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let told = tell(session, selection, take).await;
    session.roll_back().await;
    told
}

async fn tell(
    session: &Session,
    selection: &Selection,
    take: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let mut told = HashSet::new();
    for gateway in gateways(session, selection).await? {
        let id = gateway.id.clone();
        take(ExportRecord::Gateway(gateway))?;
        versions(session, &id, &mut told, take).await?;
        answers(session, &id, take).await?;
    }
    tokens(session, selection, take).await?;
    if *selection == Selection::Whole {
        trail(session, take).await?;
    }
    Ok(())
}

async fn gateways(session: &Session, selection: &Selection) -> Result<Vec<GatewayRow>, Failure> {
    let sql = "SELECT id, name, description, labels::text AS labels, rev, generation,
                   reload_generation, reconcile_generation, last_version, desired_version,
                   created_at, updated_at, deleted_at, drift_policy
               FROM gateways ORDER BY id";
    let found = session.rows(sql, &[]).await?;
    let chosen = found.iter().filter(|row| selection.contains(row.get("id")));
    chosen.map(gateway).collect()
}

fn gateway(row: &Row) -> Result<GatewayRow, Failure> {
    Ok(GatewayRow {
        id: word(row, "id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        labels: serde_json::from_str(row.try_get("labels")?)?,
        drift: rows::drift(row)?,
        rev: number(row, "rev")?,
        generation: number(row, "generation")?,
        reload_generation: number(row, "reload_generation")?,
        reconcile_generation: number(row, "reconcile_generation")?,
        last_version: number(row, "last_version")?,
        desired_version: number_or_none(row, "desired_version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        deleted_at: time_or_none(row, "deleted_at")?,
    })
}

/// Tells the versions of a gateway, and each content before its first version.
async fn versions(
    session: &Session,
    gateway: &GatewayId,
    told: &mut HashSet<ContentHash>,
    take: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    for row in session.rows(VERSIONS, &[&gateway.as_str()]).await? {
        let content = rows::hash(&row, "blob")?;
        let row = VersionRow::of(gateway.clone(), content, rows::version(&row)?);
        let sha256 = row.content_sha256;
        if row.pruned_at.is_none() && told.insert(sha256) {
            let sql = "SELECT content FROM blobs WHERE sha256 = $1";
            let found = session.row(sql, &[&sha256.as_bytes().as_slice()]).await?;
            if let Some(found) = found {
                let content = String::from_utf8(rows::only(&found)?);
                let content = content.map_err(|_| damaged("a configuration"))?;
                take(ExportRecord::Content(ContentRow { sha256, content }))?;
            }
        }
        take(ExportRecord::Version(row))?;
    }
    Ok(())
}

async fn answers(
    session: &Session,
    gateway: &GatewayId,
    take: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let sql = "SELECT at, instance_id, generation, version, outcome, code, message
               FROM apply_history WHERE gateway_id = $1 ORDER BY seq";
    for row in session.rows(sql, &[&gateway.as_str()]).await? {
        take(ExportRecord::Answer(ApplyOutcomeRow {
            at: time(&row, "at")?,
            gateway: gateway.clone(),
            instance: row.try_get("instance_id")?,
            generation: number(&row, "generation")?,
            version: number_or_none(&row, "version")?,
            outcome: row.try_get("outcome")?,
            code: row.try_get("code")?,
            message: row.try_get("message")?,
        }))?;
    }
    Ok(())
}

async fn tokens(
    session: &Session,
    selection: &Selection,
    take: &mut RecordSink<'_>,
) -> Result<(), Failure> {
    let sql = "SELECT id, name, kind, hash, hint, scope, gateway_id, created_by, created_at,
                   expires_at, revoked_at
               FROM tokens ORDER BY id COLLATE \"C\"";
    for row in session.rows(sql, &[]).await? {
        let row = token(&row)?;
        if selection.has_token_of(row.gateway.as_ref()) {
            take(ExportRecord::Token(row))?;
        }
    }
    Ok(())
}

fn token(row: &Row) -> Result<TokenRow, Failure> {
    Ok(TokenRow {
        id: word(row, "id")?,
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        sha256: rows::hash(row, "hash")?,
        hint: row.try_get("hint")?,
        scope: row.try_get("scope")?,
        gateway: match row.try_get::<_, Option<&str>>("gateway_id")? {
            Some(_) => Some(word(row, "gateway_id")?),
            None => None,
        },
        created_by: row.try_get("created_by")?,
        created_at: time(row, "created_at")?,
        expires_at: time_or_none(row, "expires_at")?,
        revoked_at: time_or_none(row, "revoked_at")?,
    })
}

async fn trail(session: &Session, take: &mut RecordSink<'_>) -> Result<(), Failure> {
    let sql = format!(
        "{} WHERE seq > $1 ORDER BY seq LIMIT {AUDIT_PAGE_ROWS}",
        audit::ENTRY
    );
    let mut last = 0_i64;
    loop {
        let page = session.rows(&sql, &[&last]).await?;
        for row in &page {
            last = row.try_get("seq")?;
            take(ExportRecord::Audit(audit::entry(row)?))?;
        }
        if page.len() < AUDIT_PAGE_ROWS {
            return Ok(());
        }
    }
}
