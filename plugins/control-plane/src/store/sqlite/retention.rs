//! Pins versions, and prunes the contents of others.

use kt_control_api::{ConfigVersion, GatewayId};
use rusqlite::{Connection, params};
use serde_json::json;

use super::write_transaction::WriteTransaction;
use super::{audit, gateways, versions};
use crate::crash::crash_point;
use crate::store::decision::{check_revision, decide_pin};
use crate::store::retention::ranges;
use crate::store::{
    ChangeContext, ChangeReceipt, GatewayRef, PruneOptions, PruneReceipt, StoreError,
};

/// Pins or unpins a version.
pub(super) fn pin(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    gateway_ref: &GatewayRef,
    version: u64,
    pin: bool,
) -> Result<ChangeReceipt, StoreError> {
    let current = gateways::snapshot(transaction, gateway_ref)?;
    let gateway = &current.gateway;
    let found = versions::one(transaction, &gateway.id, version)?;
    let found = found.map(ConfigVersion::from);
    let receipt = decide_pin(gateway, version, found.as_ref(), pin)?;
    if receipt.unchanged {
        return Ok(receipt);
    }
    let sql = "UPDATE config_versions SET pinned = ?3 WHERE gateway_id = ?1 AND version = ?2";
    transaction
        .prepare_cached(sql)?
        .execute(params![gateway.id.as_str(), version, pin])?;
    let action = if pin { "config.pin" } else { "config.unpin" };
    let (id, detail) = (gateway.id.as_str(), json!({"version": version}));
    audit::record(transaction, change, action, id, Some(gateway.rev), &detail)?;
    Ok(receipt)
}

/// Prunes contents that are not needed.
pub(super) fn prune(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    gateway_ref: &GatewayRef,
    prune: &PruneOptions,
) -> Result<PruneReceipt, StoreError> {
    let current = gateways::snapshot(transaction, gateway_ref)?;
    check_revision(change, &current)?;
    let gateway = &current.gateway;
    let mut versions = unpinned(transaction, &gateway.id, prune.up_to(&current))?;
    versions.retain(|version| !current.needs(*version));
    let list = serde_json::to_string(&versions)?;
    let read_only = prune.dry_run || versions.is_empty();
    let pruned = PruneReceipt {
        gateway: gateway.id.clone(),
        versions: ranges(&versions),
        bytes: if read_only {
            freed(transaction, &gateway.id, &list)?
        } else {
            delete_contents(transaction, change, &gateway.id, &list)?
        },
        replayed: false,
    };
    if read_only {
        return Ok(pruned);
    }
    crash_point("prune.deleted");
    let (id, detail) = (gateway.id.as_str(), prune.detail(&pruned));
    let rev = Some(gateway.rev);
    audit::record(transaction, change, "config.prune", id, rev, &detail)?;
    Ok(pruned)
}

fn unpinned(
    connection: &Connection,
    gateway: &GatewayId,
    up_to: u64,
) -> Result<Vec<u64>, rusqlite::Error> {
    let sql = "SELECT version FROM config_versions WHERE gateway_id = ?1 AND version <= ?2
                   AND pinned = 0 AND pruned_at IS NULL ORDER BY version";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![gateway.as_str(), up_to], |row| row.get(0))?;
    found.collect()
}

/// Counts the bytes that only these versions of the gateway have.
fn freed(
    connection: &Connection,
    gateway: &GatewayId,
    versions: &str,
) -> Result<u64, rusqlite::Error> {
    let sql = "WITH chosen AS (
                 SELECT gateway_id, version, blob FROM config_versions
                 WHERE gateway_id = ?1 AND version IN (SELECT value FROM json_each(?2)))
               SELECT ifnull(sum(length(CAST(content AS BLOB))), 0) FROM blobs
               WHERE sha256 IN (SELECT blob FROM chosen) AND NOT EXISTS (
                 SELECT 1 FROM config_versions v
                 WHERE v.blob = blobs.sha256 AND v.pruned_at IS NULL AND NOT EXISTS (
                   SELECT 1 FROM chosen c
                   WHERE c.gateway_id = v.gateway_id AND c.version = v.version))";
    connection
        .prepare_cached(sql)?
        .query_row(params![gateway.as_str(), versions], |row| row.get(0))
}

/// Deletes contents, and returns how many bytes they had.
fn delete_contents(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    gateway: &GatewayId,
    versions: &str,
) -> Result<u64, rusqlite::Error> {
    let mark = "UPDATE config_versions SET pruned_at = ?3
                WHERE gateway_id = ?1 AND version IN (SELECT value FROM json_each(?2))";
    let take = "DELETE FROM blobs WHERE sha256 IN (
                  SELECT blob FROM config_versions
                  WHERE gateway_id = ?1 AND version IN (SELECT value FROM json_each(?2)))
                AND NOT EXISTS (SELECT 1 FROM config_versions v
                  WHERE v.blob = blobs.sha256 AND v.pruned_at IS NULL)
                RETURNING length(CAST(content AS BLOB))";
    let (id, at) = (gateway.as_str(), change.now.as_microsecond());
    transaction
        .prepare_cached(mark)?
        .execute(params![id, versions, at])?;
    let forget = "DELETE FROM apply_history
                  WHERE gateway_id = ?1 AND version IN (SELECT value FROM json_each(?2))";
    transaction
        .prepare_cached(forget)?
        .execute(params![id, versions])?;
    let begin = "INSERT INTO meta(k, v) VALUES('pruning', ?1)";
    transaction.prepare_cached(begin)?.execute([id])?;
    let freed_bytes = transaction
        .prepare_cached(take)?
        .query_map(params![id, versions], |row| row.get::<_, u64>(0))?
        .sum();
    let end = "DELETE FROM meta WHERE k = 'pruning'";
    transaction.prepare_cached(end)?.execute([])?;
    freed_bytes
}
