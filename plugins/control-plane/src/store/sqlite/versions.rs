//! Versions and their contents.

use kt_control_api::{ConfigVersion, GatewayId};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows;
use super::write_transaction::WriteTransaction;
use crate::store::{ContentRow, StoreError, VersionRow};

/// Stores a content, unless it is stored already.
pub(super) fn insert(
    transaction: &WriteTransaction<'_>,
    row: &ContentRow,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO blobs(sha256, content) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
    transaction
        .prepare_cached(sql)?
        .execute(params![row.sha256.as_bytes(), row.content])?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, rusqlite::Error> {
    let condition = "WHERE gateway_id = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3";
    select(connection, condition, gateway, before, limit)
}

/// Returns versions that an instance has applied.
pub(super) fn applied(
    connection: &Connection,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, rusqlite::Error> {
    let condition = "WHERE gateway_id = ?1 AND version < ?2 AND version IN
               (SELECT version FROM apply_history WHERE gateway_id = ?1 AND outcome = 'applied')
               ORDER BY version DESC LIMIT ?3";
    select(connection, condition, gateway, before, limit)
}

fn select(
    connection: &Connection,
    condition: &str,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, rusqlite::Error> {
    let below = before.unwrap_or(i64::MAX as u64);
    let values = params![gateway.as_str(), below, limit as u64];
    let found: Vec<VersionRow> = rows::query(connection, condition, values)?;
    Ok(found.into_iter().map(ConfigVersion::from).collect())
}

pub(super) fn one(
    connection: &Connection,
    gateway: &GatewayId,
    version: u64,
) -> Result<Option<VersionRow>, rusqlite::Error> {
    let condition = "WHERE gateway_id = ?1 AND version = ?2";
    rows::query_one(connection, condition, params![gateway.as_str(), version])
}

pub(super) fn content(
    connection: &Connection,
    gateway: &GatewayId,
    version: u64,
) -> Result<Option<String>, rusqlite::Error> {
    let sql = "SELECT b.content FROM config_versions v JOIN blobs b ON b.sha256 = v.blob
               WHERE v.gateway_id = ?1 AND v.version = ?2 AND v.pruned_at IS NULL";
    connection
        .prepare_cached(sql)?
        .query_row(params![gateway.as_str(), version], |row| row.get(0))
        .optional()
}
