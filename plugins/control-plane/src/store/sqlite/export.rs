//! Telling what the file keeps, row by row.

use std::collections::{BTreeMap, HashSet};

use kt_control_api::{ContentHash, DriftPolicy, GatewayId, TokenId};
use rusqlite::{Connection, Params, Row, params};

use super::{audit, rows};
use crate::store::{
    ApplyOutcomeRow, ContentRow, ExportRecord, GatewayRow, RecordSink, Selection, StoreError,
    TokenRow, VersionRow,
};

/// Tells everything of the selection. The connection is in a transaction.
pub(super) fn export(
    connection: &Connection,
    selection: &Selection,
    take: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let mut told = HashSet::new();
    for gateway in gateways(connection, selection)? {
        let id = gateway.id.clone();
        take(ExportRecord::Gateway(gateway))?;
        versions(connection, &id, &mut told, take)?;
        answers(connection, &id, take)?;
    }
    tokens(connection, selection, take)?;
    if *selection == Selection::Whole {
        let sql = format!("{} ORDER BY seq", audit::ENTRY);
        each(connection, &sql, [], audit::entry, |row| {
            take(ExportRecord::Audit(row))
        })?;
    }
    Ok(())
}

/// Reads rows and passes each on.
fn each<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, rusqlite::Error>,
    mut hand_on: impl FnMut(T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(values)?;
    while let Some(row) = found.next()? {
        hand_on(read(row)?)?;
    }
    Ok(())
}

fn gateways(connection: &Connection, selection: &Selection) -> Result<Vec<GatewayRow>, StoreError> {
    let sql = "SELECT id, name, description, labels, rev, generation, reload_generation,
                   reconcile_generation, last_version, desired_version, created_at, updated_at,
                   deleted_at, drift_policy
               FROM gateways ORDER BY id";
    let mut found = Vec::new();
    each(connection, sql, [], gateway, |row| {
        if selection.contains(row.id.as_str()) {
            found.push(row);
        }
        Ok(())
    })?;
    Ok(found)
}

fn gateway(row: &Row<'_>) -> Result<GatewayRow, rusqlite::Error> {
    Ok(GatewayRow {
        id: id(row, "id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        labels: rows::parsed::<String, BTreeMap<_, _>>(row, "labels", |text| {
            serde_json::from_str(&text).ok()
        })?,
        drift: rows::parsed::<String, _>(row, "drift_policy", |word| DriftPolicy::parse(&word))?,
        rev: row.get("rev")?,
        generation: row.get("generation")?,
        reload_generation: row.get("reload_generation")?,
        reconcile_generation: row.get("reconcile_generation")?,
        last_version: row.get("last_version")?,
        desired_version: row.get("desired_version")?,
        created_at: rows::time(row, "created_at")?,
        updated_at: rows::time(row, "updated_at")?,
        deleted_at: rows::time_or_none(row, "deleted_at")?,
    })
}

/// Tells the versions of a gateway, and each content before its first version.
fn versions(
    connection: &Connection,
    gateway: &GatewayId,
    told: &mut HashSet<ContentHash>,
    take: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let sql = "SELECT gateway_id, version, sha256, blob, size, author, created_at, origin,
                   reverts_to, source, message, pinned, pruned_at
               FROM config_versions WHERE gateway_id = ?1 ORDER BY version";
    each(connection, sql, [gateway.as_str()], version, |row| {
        if row.pruned_at.is_none() && told.insert(row.content_sha256) {
            let sql = "SELECT content FROM blobs WHERE sha256 = ?1";
            let sha256 = row.content_sha256;
            each(
                connection,
                sql,
                params![sha256.as_bytes()],
                |row| row.get("content"),
                |content| take(ExportRecord::Content(ContentRow { sha256, content })),
            )?;
        }
        take(ExportRecord::Version(row))
    })
}

fn version(row: &Row<'_>) -> Result<VersionRow, rusqlite::Error> {
    let (gateway, content) = (id(row, "gateway_id")?, rows::hash(row, "blob")?);
    Ok(VersionRow::of(gateway, content, rows::version(row)?))
}

fn answers(
    connection: &Connection,
    gateway: &GatewayId,
    take: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let sql = "SELECT at, gateway_id, instance_id, generation, version, outcome, code, message
               FROM apply_history WHERE gateway_id = ?1 ORDER BY seq";
    each(connection, sql, [gateway.as_str()], answer, |row| {
        take(ExportRecord::Answer(row))
    })
}

fn answer(row: &Row<'_>) -> Result<ApplyOutcomeRow, rusqlite::Error> {
    Ok(ApplyOutcomeRow {
        at: rows::time(row, "at")?,
        gateway: id(row, "gateway_id")?,
        instance: row.get("instance_id")?,
        generation: row.get("generation")?,
        version: row.get("version")?,
        outcome: row.get("outcome")?,
        code: row.get("code")?,
        message: row.get("message")?,
    })
}

fn tokens(
    connection: &Connection,
    selection: &Selection,
    take: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let sql = "SELECT id, name, kind, hash, hint, scope, gateway_id, created_by, created_at,
                   expires_at, revoked_at
               FROM tokens ORDER BY id";
    each(connection, sql, [], token, |row| {
        if !selection.has_token_of(row.gateway.as_ref()) {
            return Ok(());
        }
        take(ExportRecord::Token(row))
    })
}

fn token(row: &Row<'_>) -> Result<TokenRow, rusqlite::Error> {
    Ok(TokenRow {
        id: rows::parsed::<String, _>(row, "id", |text| text.parse::<TokenId>().ok())?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        sha256: rows::hash(row, "hash")?,
        hint: row.get("hint")?,
        scope: row.get("scope")?,
        gateway: match row.get::<_, Option<String>>("gateway_id")? {
            Some(_) => Some(id(row, "gateway_id")?),
            None => None,
        },
        created_by: row.get("created_by")?,
        created_at: rows::time(row, "created_at")?,
        expires_at: rows::time_or_none(row, "expires_at")?,
        revoked_at: rows::time_or_none(row, "revoked_at")?,
    })
}

fn id(row: &Row<'_>, column: &str) -> Result<GatewayId, rusqlite::Error> {
    rows::parsed::<String, _>(row, column, |text| text.parse().ok())
}
