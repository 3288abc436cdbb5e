//! Pinning versions, and taking the contents of others away: one transaction each.

use kt_control_api::{GatewayId, canonical_json};
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;

use super::failure::Failure;
use super::once::{FORGET, Memory, RECALL, recalled, remember};
use super::rows::{counted, number, only};
use super::session::Session;
use super::text::{storable, storable_json};
use super::{contents, gateways, rows};
use crate::store::decide::pinned;
use crate::store::retention::ranges;
use crate::store::{Change, Key, Prune, Pruned, Receipt, Repeatable, Snapshot, StoreError};

/// How often to begin again after others were faster.
const ATTEMPTS: usize = 8;

/// Whoever publishes waits until it is settled which contents are there; whoever reads does not.
/// Otherwise a content that is there already could go while a new version comes to rely on it.
const ALONE: &str = "LOCK TABLE blobs IN SHARE ROW EXCLUSIVE MODE";

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

const TAKE: &str = "DELETE FROM blobs
    WHERE sha256 IN (
        SELECT blob FROM config_versions WHERE gateway_id = $1 AND version = ANY($2))
      AND NOT EXISTS (
        SELECT FROM config_versions v WHERE v.blob = blobs.sha256 AND pruned_at IS NULL)";

/// Pins a version, or no longer.
pub(super) async fn pin(
    session: &mut Session,
    change: &Change,
    key: &Key,
    version: u64,
    pin: bool,
) -> Result<Receipt, Failure> {
    let act = async |session: &Session, current: &Snapshot| {
        let gateway = &current.gateway;
        let found = match contents::one(session, &gateway.id, version).await {
            Err(Failure::Refused(StoreError::NotFound(_))) => None,
            found => Some(found?),
        };
        let receipt = pinned(gateway, version, found.as_ref(), pin)?;
        if !receipt.unchanged {
            let sql = "UPDATE config_versions SET pinned = $3
                       WHERE gateway_id = $1 AND version = $2";
            let number = counted(version)?;
            let values: [&(dyn ToSql + Sync); 3] = [&gateway.id.as_str(), &number, &pin];
            session.rows(sql, &values).await?;
            let action = if pin { "config.pin" } else { "config.unpin" };
            tell(
                session,
                change,
                current,
                action,
                json!({"version": version}),
            )
            .await?;
        }
        Ok(receipt)
    };
    carry_out(session, change, key, act).await
}

/// Takes contents away that nobody needs.
pub(super) async fn prune(
    session: &mut Session,
    change: &Change,
    key: &Key,
    prune: &Prune,
) -> Result<Pruned, Failure> {
    let act = async |session: &Session, current: &Snapshot| {
        if !prune.dry_run {
            session.say(ALONE).await?;
        }
        let gateway = &current.gateway;
        let (id, up_to) = (gateway.id.as_str(), counted(prune.up_to(current))?);
        let found = session.rows(UNPINNED, &[&id, &up_to]).await?;
        let mut versions = Vec::new();
        for row in &found {
            versions.push(number(row, "version")?);
        }
        versions.retain(|version| !current.needs(*version));
        let list: Vec<i64> = versions
            .iter()
            .map(|n| counted(*n))
            .collect::<Result<_, _>>()?;
        let row = session.row(FREED, &[&id, &list]).await?;
        let bytes: i64 = row.as_ref().map_or(Ok(0), only)?;
        let pruned = Pruned {
            gateway: gateway.id.clone(),
            versions: ranges(&versions),
            bytes: bytes.unsigned_abs(),
            replayed: false,
        };
        if !prune.dry_run && !versions.is_empty() {
            take_away(session, change, &gateway.id, &list).await?;
            tell(
                session,
                change,
                current,
                "config.prune",
                prune.told(&pruned),
            )
            .await?;
        }
        Ok(pruned)
    };
    carry_out(session, change, key, act).await
}

async fn take_away(
    session: &Session,
    change: &Change,
    gateway: &GatewayId,
    versions: &Vec<i64>,
) -> Result<(), Failure> {
    let (id, at) = (gateway.as_str(), change.now.as_microsecond());
    session.rows(MARK, &[&id, versions, &at]).await?;
    let begin = "INSERT INTO meta(k, v) VALUES('pruning', $1)";
    session.rows(begin, &[&id]).await?;
    session.rows(TAKE, &[&id, versions]).await?;
    let end = "DELETE FROM meta WHERE k = 'pruning'";
    session.rows(end, &[]).await.map(drop)
}

/// Locks the gateway, does something unless the same request was carried out before, and commits.
async fn carry_out<R: Repeatable>(
    session: &mut Session,
    change: &Change,
    key: &Key,
    act: impl AsyncFn(&Session, &Snapshot) -> Result<R, Failure>,
) -> Result<R, Failure> {
    for _ in 0..ATTEMPTS {
        session.begin();
        match attempt(session, change, key, &act).await {
            Ok(receipt) => {
                session.committing();
                session.say("COMMIT").await?;
                session.ended();
                return Ok(receipt);
            }
            Err(failure) => {
                session.roll_back().await;
                if !failure.is_lost_race() {
                    return Err(failure);
                }
            }
        }
    }
    Err(StoreError::Busy(super::session::LIMIT.as_secs()).into())
}

async fn attempt<R: Repeatable>(
    session: &Session,
    change: &Change,
    key: &Key,
    act: &impl AsyncFn(&Session, &Snapshot) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let memory = Memory::of(change);
    let known: [&(dyn ToSql + Sync); 3] = [&memory.actor, &memory.key, &memory.since];
    let (condition, text) = gateways::lookup(key);
    let text = storable(text);
    session.say("BEGIN").await?;
    // Not `FOR UPDATE`: reports, which refer to the gateway, need not wait.
    let lock = format!("SELECT g.id FROM gateways g {condition} FOR NO KEY UPDATE");
    session.row(&lock, &[&text]).await?;
    session.rows(FORGET, &known).await?;
    let row = session.row(RECALL, &known).await?;
    if let Some(receipt) = recalled(change, row.as_ref())? {
        return Ok(receipt);
    }
    let look = format!("{} {condition}", rows::GATEWAY);
    let current = gateways::found(key, session.row(&look, &[&text]).await?)?;
    let receipt = act(session, &current).await?;
    remember(session, change, &receipt).await?;
    Ok(receipt)
}

/// Adds a row of the trail about the gateway.
async fn tell(
    session: &Session,
    change: &Change,
    current: &Snapshot,
    action: &str,
    detail: Value,
) -> Result<(), Failure> {
    let sql = "INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
        VALUES($1, $2, $3, $4, $5, $6, $7)";
    let at = change.now.as_microsecond();
    let detail = canonical_json(&storable_json(detail));
    let values: [&(dyn ToSql + Sync); 7] = [
        &at,
        &change.actor,
        &change.request_id,
        &action,
        &current.gateway.id.as_str(),
        &counted(current.gateway.rev)?,
        &detail,
    ];
    session.rows(sql, &values).await.map(drop)
}
