//! Versions and their contents.

use kt_control_api::{ConfigVersion, GatewayId};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::rows;
use super::write_transaction::WriteTransaction;
use crate::store::{ChangeContext, GatewayRecord, NewVersion, StoreError};

/// Stores the next version of a gateway. The caller makes it desired.
pub(super) fn insert(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    gateway: &GatewayId,
    version: u64,
    new: &NewVersion,
) -> Result<(), StoreError> {
    let blob: [u8; 32] = Sha256::digest(new.content.as_bytes()).into();
    let sql = "INSERT INTO blobs(sha256, content) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
    transaction
        .prepare_cached(sql)?
        .execute(params![blob, new.content])?;
    let sql = "INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author,
                   created_at, origin, source, message)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    transaction.prepare_cached(sql)?.execute(params![
        gateway.as_str(),
        version,
        new.sha256.as_bytes(),
        blob,
        new.content.len() as u64,
        change.actor,
        change.now.as_microsecond(),
        new.origin.as_str(),
        new.source,
        new.message,
    ])?;
    Ok(())
}

/// Stores the next version of a gateway as a copy of an older one.
pub(super) fn repeat(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    gateway: &GatewayRecord,
    older: u64,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author,
                   created_at, origin, reverts_to, source, message)
               SELECT gateway_id, ?3, sha256, blob, size, ?4, ?5, 'revert', version, source, ?6
               FROM config_versions WHERE gateway_id = ?1 AND version = ?2";
    let at = change.now.as_microsecond();
    let next = gateway.last_version + 1;
    transaction.prepare_cached(sql)?.execute(params![
        gateway.id.as_str(),
        older,
        next,
        change.actor,
        at,
        reason
    ])?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, rusqlite::Error> {
    let sql = format!(
        "{} WHERE gateway_id = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3",
        rows::VERSION
    );
    let below = before.unwrap_or(i64::MAX as u64);
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_map(
            params![gateway.as_str(), below, limit as u64],
            rows::version,
        )?
        .collect()
}

pub(super) fn one(
    connection: &Connection,
    gateway: &GatewayId,
    version: u64,
) -> Result<Option<ConfigVersion>, rusqlite::Error> {
    let sql = format!("{} WHERE gateway_id = ?1 AND version = ?2", rows::VERSION);
    connection
        .prepare_cached(&sql)?
        .query_row(params![gateway.as_str(), version], rows::version)
        .optional()
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
