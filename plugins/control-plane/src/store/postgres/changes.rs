//! Changes of gateways: lock and look, decide, write and commit.

use kt_control_api::{ConfigVersion, GatewayId, canonical_json};
use sha2::{Digest, Sha256};
use tokio_postgres::types::ToSql;

use super::failure::Failure;
use super::once::{FORGET, Memory, RECALL, recalled, remember};
use super::rows::counted;
use super::session::Session;
use super::text::{storable, storable_json};
use super::{contents, gateways, rows};
use crate::store::decide::{Decision, Wish, Write, decide};
use crate::store::{
    ChangeContext, ChangeReceipt, GatewayRef, GatewaySnapshot, NewVersion, StoreError,
};

/// How often to begin again after others were faster. Each time somebody else has come further.
const ATTEMPTS: usize = 32;

/// Not `FOR UPDATE`: reports, which refer to the gateway, need not wait for a change of it.
const LOCK: &str = "SELECT g.id FROM gateways g";

const WRITE: &str = "
    WITH gateway AS (
      UPDATE gateways SET name = $2, description = $3, labels = $4::text::jsonb, rev = $5,
        generation = $6, reload_generation = $7, reconcile_generation = $8, last_version = $9,
        desired_version = $10, updated_at = $11::bigint,
        deleted_at = CASE WHEN $12::boolean THEN $11::bigint END, drift_policy = $20
      WHERE id = $1),
    tokens AS (
      UPDATE tokens SET revoked_at = $11::bigint
      WHERE $12::boolean AND gateway_id = $1 AND revoked_at IS NULL),
    once AS (
      INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
      SELECT $13::text, $14::text, $15::bytea, $16::text::jsonb, $11::bigint
      WHERE $14::text IS NOT NULL)
    INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
    VALUES($11::bigint, $13::text, $17, $18, $1, $5, $19::text)";

const PUBLISH: &str = "
    WITH content AS (
      INSERT INTO blobs(sha256, content) VALUES($4, $5) ON CONFLICT DO NOTHING)
    INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author, created_at,
      origin, source, message)
    VALUES($1, $2, $3, $4, $6, $7, $8, $9, $10, $11)";

const REPEAT: &str = "
    INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author, created_at,
      origin, reverts_to, source, message)
    SELECT gateway_id, $3::bigint, sha256, blob, size, $4::text, $5::bigint, 'revert', version,
      source, $6::text
    FROM config_versions WHERE gateway_id = $1 AND version = $2";

/// Carries a change out, or finds that the same request was carried out before.
pub(super) async fn change(
    session: &mut Session,
    change: &ChangeContext,
    key: &GatewayRef,
    wish: Wish<'_>,
) -> Result<ChangeReceipt, Failure> {
    for _ in 0..ATTEMPTS {
        let outcome = attempt(session, change, key, wish).await;
        if outcome.is_err() {
            session.roll_back().await;
        }
        match (outcome, wish) {
            (Ok(Some(receipt)), _) => return Ok(receipt),
            (Ok(None), _) => {}
            (Err(failure), Wish::Update(patch)) if failure.violates("gateways_name") => {
                let name = patch.name.clone().unwrap_or_default();
                if let Some(id) = gateways::owner_of_name(session, &name).await? {
                    return Err(StoreError::NameTaken { name, id }.into());
                }
            }
            (Err(failure), _) if failure.is_lost_race() => {}
            (Err(failure), _) => return Err(failure),
        }
    }
    Err(StoreError::Busy(super::session::LIMIT.as_secs()).into())
}

/// Tries once; `None` when the gateway was renamed under the lock's wait.
async fn attempt(
    session: &mut Session,
    change: &ChangeContext,
    key: &GatewayRef,
    wish: Wish<'_>,
) -> Result<Option<ChangeReceipt>, Failure> {
    let (condition, text) = gateways::lookup(key);
    let text = storable(text);
    let lock = format!("{LOCK} {condition} AND g.deleted_at IS NULL FOR NO KEY UPDATE");
    let look = format!("{} {condition}", rows::GATEWAY);
    session
        .prepare(&[&lock, &look, RECALL, FORGET, WRITE])
        .await?;
    let memory = Memory::of(change);
    let known: [&(dyn ToSql + Sync); 3] = [&memory.actor, &memory.key, &memory.since];
    let named: [&(dyn ToSql + Sync); 1] = [&text];
    session.begin();
    // One round trip. What follows the lock sees what others committed while it was waited for.
    let (begun, locked, forgotten, row, found) = tokio::join!(
        biased;
        session.say("BEGIN"),
        session.row(&lock, &named),
        session.rows(FORGET, &known),
        session.row(RECALL, &known),
        session.row(&look, &named),
    );
    begun?;
    let locked = locked?
        .map(|row| rows::word::<GatewayId>(&row, "id"))
        .transpose()?;
    forgotten?;
    if let Some(receipt) = recalled::<ChangeReceipt>(change, row?.as_ref())? {
        session.roll_back().await;
        return Ok(Some(receipt));
    }
    let current = gateways::found(key, found?)?;
    if locked.as_ref() != Some(&current.gateway.id) {
        session.roll_back().await;
        return Ok(None);
    }
    let older = older(session, &current, wish).await?;
    let decision = decide(change, wish, &current, older.as_ref())?;
    session.committing();
    finish(session, change, wish, &decision).await?;
    session.ended();
    Ok(Some(decision.receipt))
}

/// Finds the version to revert to.
async fn older(
    session: &Session,
    current: &GatewaySnapshot,
    wish: Wish<'_>,
) -> Result<Option<ConfigVersion>, Failure> {
    let Wish::Revert(revert) = wish else {
        return Ok(None);
    };
    match contents::one(session, &current.gateway.id, revert.version).await {
        Ok(version) => Ok(Some(version)),
        Err(Failure::Refused(StoreError::NotFound(_))) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Writes and commits in one round trip. When a statement fails, so does the commit.
async fn finish(
    session: &Session,
    change: &ChangeContext,
    wish: Wish<'_>,
    decision: &Decision,
) -> Result<(), Failure> {
    let Some(write) = &decision.write else {
        let (kept, committed) = tokio::join!(
            biased;
            remember(session, change, &decision.receipt),
            session.say("COMMIT"),
        );
        return kept.and(committed);
    };
    let number = counted(write.after.last_version)?;
    match wish {
        Wish::Publish(_) => session.prepare(&[PUBLISH]).await?,
        Wish::Revert(_) => session.prepare(&[REPEAT]).await?,
        _ => {}
    }
    let (versioned, written, committed) = tokio::join!(
        biased;
        version(session, change, wish, write, number),
        put(session, change, decision, write),
        session.say("COMMIT"),
    );
    versioned.and(written).and(committed)
}

/// Adds the version that the wish is about.
async fn version(
    session: &Session,
    change: &ChangeContext,
    wish: Wish<'_>,
    write: &Write,
    number: i64,
) -> Result<(), Failure> {
    match wish {
        Wish::Publish(new) => publish(session, change, write, number, new).await,
        Wish::Revert(revert) => {
            let id = write.after.id.as_str();
            let (older, at) = (counted(revert.version)?, change.now.as_microsecond());
            let reason = revert.reason.as_deref().map(storable);
            let values: [&(dyn ToSql + Sync); 6] =
                [&id, &older, &number, &change.actor, &at, &reason];
            session.rows(REPEAT, &values).await.map(drop)
        }
        _ => Ok(()),
    }
}

async fn publish(
    session: &Session,
    change: &ChangeContext,
    write: &Write,
    number: i64,
    new: &NewVersion,
) -> Result<(), Failure> {
    let content = new.content.as_bytes();
    let blob: [u8; 32] = Sha256::digest(content).into();
    let values: [&(dyn ToSql + Sync); 11] = [
        &write.after.id.as_str(),
        &number,
        &new.sha256.as_bytes().as_slice(),
        &blob.as_slice(),
        &content,
        &counted(content.len() as u64)?,
        &change.actor,
        &change.now.as_microsecond(),
        &new.origin.as_str(),
        &new.source.as_deref().map(storable),
        &new.message.as_deref().map(storable),
    ];
    session.rows(PUBLISH, &values).await.map(drop)
}

/// Writes the gateway, its audit row and the key.
async fn put(
    session: &Session,
    change: &ChangeContext,
    decision: &Decision,
    write: &Write,
) -> Result<(), Failure> {
    let after = &write.after;
    let labels = storable_json(serde_json::to_value(&after.labels)?).to_string();
    let detail = canonical_json(&storable_json(write.detail.clone()));
    let once = change.idempotency_key.as_ref();
    let values: [&(dyn ToSql + Sync); 20] = [
        &after.id.as_str(),
        &after.name,
        &storable(&after.description),
        &labels,
        &counted(after.rev)?,
        &counted(after.generation)?,
        &counted(after.reload_generation)?,
        &counted(after.reconcile_generation)?,
        &counted(after.last_version)?,
        &write.desired.map(counted).transpose()?,
        &change.now.as_microsecond(),
        &write.deleted,
        &change.actor,
        &once.map(|once| once.key.as_str()),
        &once.map(|once| once.fingerprint.as_slice()),
        &serde_json::to_string(&decision.receipt)?,
        &change.request_id,
        &write.action,
        &detail,
        &after.drift.as_str(),
    ];
    session.rows(WRITE, &values).await.map(drop)
}
