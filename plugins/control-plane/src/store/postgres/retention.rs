//! Pins versions, and prunes the contents of others, in one transaction each.

use kt_control_api::{ConfigVersion, GatewayId};
use serde_json::json;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::idempotency::run_once;
use super::query_error::QueryError;
use super::rows::{bigint, number, only, parse};
use super::session::Session;
use super::text::storable;
use super::{audit, gateways, versions};
use crate::store::decision::{check_revision, decide_pin};
use crate::store::retention::ranges;
use crate::store::{
    ChangeContext, ChangeReceipt, GatewayRef, GatewaySnapshot, PruneOptions, PruneReceipt,
};

/// Publishing waits until the prune is committed; reading does not. Otherwise an existing content
/// could be deleted while a new version refers to it.
const EXCLUSIVE: &str = "LOCK TABLE blobs IN SHARE ROW EXCLUSIVE MODE";

const UNPINNED: &str = "SELECT version FROM config_versions
    WHERE gateway_id = $1 AND version <= $2 AND NOT pinned AND pruned_at IS NULL ORDER BY version";

/// Counts the bytes that only these versions of the gateway have.
const FREED: &str = "
    SELECT coalesce(sum(length(content)), 0)::bigint FROM blobs
    WHERE sha256 IN (
        SELECT blob FROM config_versions WHERE gateway_id = $1 AND version = ANY($2))
      AND NOT EXISTS (
        SELECT FROM config_versions v WHERE v.blob = blobs.sha256 AND pruned_at IS NULL
          AND NOT (gateway_id = $1 AND version = ANY($2)))";

const MARK: &str = "UPDATE config_versions SET pruned_at = $3
    WHERE gateway_id = $1 AND version = ANY($2)";

/// Deletes and counts contents that only pruned versions have.
const DELETE_CONTENTS: &str = "
    WITH deleted AS (
      DELETE FROM blobs
      WHERE sha256 IN (
          SELECT blob FROM config_versions WHERE gateway_id = $1 AND version = ANY($2))
        AND NOT EXISTS (
          SELECT FROM config_versions v WHERE v.blob = blobs.sha256 AND pruned_at IS NULL)
      RETURNING length(content) AS bytes)
    SELECT coalesce(sum(bytes), 0)::bigint FROM deleted";

/// Pins or unpins a version.
pub(super) async fn pin(
    session: &mut Session,
    change: &ChangeContext,
    gateway_ref: &GatewayRef,
    version: u64,
    pin: bool,
) -> Result<ChangeReceipt, QueryError> {
    let act = async |session: &Session| {
        let gateway = lock_gateway(session, gateway_ref).await?.gateway;
        let found = versions::one(session, &gateway.id, version).await?;
        let found = found.map(ConfigVersion::from);
        let receipt = decide_pin(&gateway, version, found.as_ref(), pin)?;
        if !receipt.unchanged {
            let sql = "UPDATE config_versions SET pinned = $3
                       WHERE gateway_id = $1 AND version = $2";
            let number = bigint(version)?;
            let values: [&(dyn ToSql + Sync); 3] = [&gateway.id.as_str(), &number, &pin];
            session.rows(sql, &values).await?;
            let action = if pin { "config.pin" } else { "config.unpin" };
            let (id, detail) = (gateway.id.as_str(), json!({"version": version}));
            audit::record(session, change, action, id, Some(gateway.rev), detail).await?;
        }
        Ok(receipt)
    };
    run_once(session, change, act).await
}

/// Prunes contents that are not needed.
pub(super) async fn prune(
    session: &mut Session,
    change: &ChangeContext,
    gateway_ref: &GatewayRef,
    prune: &PruneOptions,
) -> Result<PruneReceipt, QueryError> {
    let act = async |session: &Session| {
        let current = lock_gateway(session, gateway_ref).await?;
        check_revision(change, &current)?;
        if !prune.dry_run {
            session.batch_execute(EXCLUSIVE).await?;
        }
        let gateway = &current.gateway;
        let (id, up_to) = (gateway.id.as_str(), bigint(prune.up_to(&current))?);
        let found = session.rows(UNPINNED, &[&id, &up_to]).await?;
        let mut versions = Vec::new();
        for row in &found {
            versions.push(number(row, "version")?);
        }
        versions.retain(|version| !current.needs(*version));
        let list: Vec<i64> = versions
            .iter()
            .map(|n| bigint(*n))
            .collect::<Result<_, _>>()?;
        let read_only = prune.dry_run || versions.is_empty();
        let bytes = if read_only {
            sum(session.row(FREED, &[&id, &list]).await?)?
        } else {
            delete_contents(session, change, &gateway.id, &list).await?
        };
        let pruned = PruneReceipt {
            gateway: gateway.id.clone(),
            versions: ranges(&versions),
            bytes,
            replayed: false,
        };
        if !read_only {
            let (rev, detail) = (Some(gateway.rev), prune.detail(&pruned));
            audit::record(session, change, "config.prune", id, rev, detail).await?;
        }
        Ok(pruned)
    };
    run_once(session, change, act).await
}

/// Deletes contents, and returns how many bytes they had.
async fn delete_contents(
    session: &Session,
    change: &ChangeContext,
    gateway: &GatewayId,
    versions: &Vec<i64>,
) -> Result<u64, QueryError> {
    let (id, at) = (gateway.as_str(), change.now.as_microsecond());
    session.rows(MARK, &[&id, versions, &at]).await?;
    let forget = "DELETE FROM apply_history WHERE gateway_id = $1 AND version = ANY($2)";
    session.rows(forget, &[&id, versions]).await?;
    let begin = "INSERT INTO meta(k, v) VALUES('pruning', $1)";
    session.rows(begin, &[&id]).await?;
    let deleted = sum(session.row(DELETE_CONTENTS, &[&id, versions]).await?)?;
    let end = "DELETE FROM meta WHERE k = 'pruning'";
    session.rows(end, &[]).await?;
    Ok(deleted)
}

fn sum(row: Option<Row>) -> Result<u64, QueryError> {
    let bytes: i64 = row.as_ref().map_or(Ok(0), only)?;
    Ok(bytes.unsigned_abs())
}

/// Returns the gateway, and locks it until the transaction ends.
async fn lock_gateway(
    session: &Session,
    gateway_ref: &GatewayRef,
) -> Result<GatewaySnapshot, QueryError> {
    let (condition, text) = gateways::lookup(gateway_ref);
    // Not `FOR UPDATE`: reports, which refer to the gateway, need not wait.
    let lock = format!("SELECT g.id, g.deleted_at FROM gateways g {condition} FOR NO KEY UPDATE");
    let row = session.row(&lock, &[&storable(text)]).await?;
    let id = parse(&gateways::present(gateway_ref, row)?, "id")?;
    gateways::snapshot(session, &GatewayRef::Id(id)).await
}
