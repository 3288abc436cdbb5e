//! Registering a gateway: one statement, whatever comes with it, unless a token is spent by it.

use kt_control_api::{Timestamp, TokenId, canonical_json};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::once::{Memory, RECALL, recalled};
use super::session::Session;
use super::text::{storable, storable_json};
use super::{audit, gateways, tokens};
use crate::store::{ChangeContext, ChangeReceipt, GatewayRef, NewGateway, StoreError};

/// Everything hangs on the row of the gateway, and that on the key when there is one: a key in
/// use leaves no row anywhere. Foreign keys are checked when the statement ends.
const CREATE: &str = "
    WITH once AS (
      INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
      SELECT $1, $2::text, $3::bytea, $4::text::jsonb, $5::bigint WHERE $2::text IS NOT NULL
      ON CONFLICT(actor, key) DO UPDATE SET fingerprint = excluded.fingerprint,
        receipt = excluded.receipt, created_at = excluded.created_at
        WHERE idempotency.created_at <= $6::bigint
      RETURNING 1),
    gateway AS (
      INSERT INTO gateways(id, name, description, labels, rev, generation, last_version,
        desired_version, created_at, updated_at, drift_policy)
      SELECT $7::text, $8::text, $9::text, $10::text::jsonb, 1, 1, coalesce($11::bigint, 0),
        $11::bigint, $5::bigint, $5::bigint, $29::text
      WHERE $2::text IS NULL OR EXISTS (SELECT 1 FROM once)
      RETURNING id),
    content AS (
      INSERT INTO blobs(sha256, content)
      SELECT $12::bytea, $13::bytea FROM gateway WHERE $11::bigint IS NOT NULL
      ON CONFLICT DO NOTHING),
    version AS (
      INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author, created_at,
        origin, source, message)
      SELECT id, $11::bigint, $14::bytea, $12::bytea, $15::bigint, $1::text, $5::bigint,
        $16::text, $17::text, $18::text
      FROM gateway WHERE $11::bigint IS NOT NULL),
    token AS (
      INSERT INTO tokens(id, name, kind, hash, hint, scope, gateway_id, created_by, created_at,
        expires_at)
      SELECT $19::text, $20::text, $21::text, $22::bytea, $23::text, $24::text, $25::text,
        $1::text, $5::bigint, $28::bigint
      FROM gateway WHERE $22::bytea IS NOT NULL
      ON CONFLICT(hash) DO NOTHING),
    trail AS (
      INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
      SELECT $5::bigint, $1::text, $26::text, 'gateway.create', id, 1, $27::text
      FROM gateway)
    SELECT id FROM gateway";

/// How often a name or key may turn out to be free again while its owner is looked up.
const ATTEMPTS: usize = 8;

/// Registers a gateway. May be tried again when the connection was lost: ids are random, so a
/// gateway of this id is the one that was registered before the answer got lost.
pub(super) async fn create(
    session: &mut Session,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<ChangeReceipt, Failure> {
    for _ in 0..ATTEMPTS {
        match attempt(session, change, new).await {
            Ok(Some(receipt)) => return Ok(receipt),
            // The key was used before.
            Ok(None) => {
                let memory = Memory::of(change);
                let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                    [&memory.actor, &memory.key, &memory.since];
                let row = session.row(RECALL, &values).await?;
                if let Some(receipt) = recalled::<ChangeReceipt>(change, row.as_ref())? {
                    let replayed = receipt.gateway != new.id;
                    return Ok(ChangeReceipt {
                        replayed,
                        ..receipt
                    });
                }
            }
            Err(failure) if failure.violates("gateways_name") => {
                if let Some(id) = gateways::owner_of_name(session, &new.name).await? {
                    if id == new.id {
                        return Ok(receipt(new));
                    }
                    let name = new.name.clone();
                    return Err(StoreError::NameTaken { name, id }.into());
                }
            }
            Err(failure) if failure.violates("gateways_pkey") => return Ok(receipt(new)),
            // By this gateway, before the answer got lost?
            Err(Failure::Refused(StoreError::TokenInactive(token))) => {
                let key = GatewayRef::Id(new.id.clone());
                return match gateways::snapshot(session, &key).await {
                    Ok(_) => Ok(receipt(new)),
                    Err(Failure::Refused(_)) => Err(StoreError::TokenInactive(token).into()),
                    Err(failure) => Err(failure),
                };
            }
            Err(failure) if failure.is_lost_race() => {}
            Err(failure) => return Err(failure),
        }
    }
    Err(StoreError::Busy(super::session::LIMIT.as_secs()).into())
}

/// Tries once; `None` when the key is in use.
async fn attempt(
    session: &mut Session,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<Option<ChangeReceipt>, Failure> {
    let Some(token) = &new.bootstrap_token else {
        return insert(session, change, new).await;
    };
    session.begin();
    let made = insert_and_spend(session, change, new, token).await;
    match made {
        Ok(Some(_)) => session.ended(),
        Ok(None) | Err(_) => session.roll_back().await,
    }
    made
}

/// The token comes first, as wherever a token ends: what others hold is waited for in one order.
async fn insert_and_spend(
    session: &Session,
    change: &ChangeContext,
    new: &NewGateway,
    token: &TokenId,
) -> Result<Option<ChangeReceipt>, Failure> {
    session.say("BEGIN").await?;
    tokens::hold_unspent(session, change, token).await?;
    let made = insert(session, change, new).await?;
    if made.is_some() {
        tokens::spend(session, change, token, &new.id).await?;
        let detail = NewGateway::told_spent(&new.id);
        audit::record(session, change, "token.spend", token.as_str(), None, detail).await?;
        session.say("COMMIT").await?;
    }
    Ok(made)
}

async fn insert(
    session: &Session,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<Option<ChangeReceipt>, Failure> {
    let version = new.version.as_ref();
    let number = version.map(|_| 1_i64);
    let receipt = receipt(new);
    let detail = json!({"name": new.name, "version": number, "token": new.token.is_some()});
    let content = version.map(|version| version.content.as_bytes());
    let blob = content.map(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)));
    let token = new.token.as_ref();
    let scope = token.map(|token| token.scope.kept());
    let labels = storable_json(serde_json::to_value(&new.labels)?).to_string();
    let (memory, now) = (Memory::of(change), change.now.as_microsecond());
    let fingerprint = change
        .idempotency_key
        .as_ref()
        .map(|once| once.fingerprint.as_slice());
    let kept = serde_json::to_string(&receipt)?;
    let size = content.map(|bytes| bytes.len() as i64);
    let row = session
        .row(
            CREATE,
            &[
                &change.actor,
                &memory.key,
                &fingerprint,
                &kept,
                &now,
                &memory.since,
                &new.id.as_str(),
                &new.name,
                &storable(&new.description),
                &labels,
                &number,
                &blob.as_ref().map(<[u8; 32]>::as_slice),
                &content,
                &version.map(|version| version.sha256.as_bytes().as_slice()),
                &size,
                &version.map(|version| version.origin.as_str()),
                &version.and_then(|version| version.source.as_deref().map(storable)),
                &version.and_then(|version| version.message.as_deref().map(storable)),
                &token.map(|token| token.id.as_str()),
                &token.map(|token| storable(&token.name)),
                &token.map(|token| token.kind),
                &token.map(|token| token.hash.0.as_slice()),
                &token.map(|token| token.hint.as_str()),
                &scope.map(|(scope, _)| scope),
                &scope.and_then(|(_, gateway)| gateway),
                &change.request_id,
                &canonical_json(&detail),
                &token
                    .and_then(|token| token.expires_at)
                    .map(Timestamp::as_microsecond),
                &new.drift.as_str(),
            ],
        )
        .await?;
    Ok(row.map(|_| receipt))
}

fn receipt(new: &NewGateway) -> ChangeReceipt {
    ChangeReceipt {
        gateway: new.id.clone(),
        version: new.version.as_ref().map(|_| 1),
        generation: 1,
        unchanged: false,
        replayed: false,
        published: None,
    }
}
