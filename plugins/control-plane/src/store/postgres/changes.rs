//! Changes of gateways: lock and read, decide, write and commit.

use std::sync::LazyLock;

use kt_control_api::{GatewayId, canonical_json};
use tokio_postgres::types::ToSql;

use super::idempotency::{DELETE_EXPIRED, FIND_RECEIPT, KeyLookup, insert_receipt, receipt_of};
use super::query_error::QueryError;
use super::session::Session;
use super::text::{storable, storable_json};
use super::{gateways, rows, versions};
use crate::store::decision::{Decision, GatewayChange, GatewayUpdate, decide};
use crate::store::table::Row;
use crate::store::{
    ChangeContext, ChangeReceipt, GatewayRef, GatewayRow, GatewaySnapshot, NewVersion, StoreError,
    VersionRow,
};

/// How often to begin again after a lost race. Each time another change was committed.
const ATTEMPTS: usize = 32;

/// Not `FOR UPDATE`: reports, which refer to the gateway, need not wait for a change of it.
const LOCK: &str = "SELECT g.id FROM gateways g";

/// The columns of the gateway are the parameters from 11 on, its id first.
static WRITE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH gateway AS (
           UPDATE gateways SET {} WHERE id = $11::text),
         tokens AS (
           UPDATE tokens SET revoked_at = $1::bigint
           WHERE $2::boolean AND gateway_id = $11::text AND revoked_at IS NULL),
         once AS (
           INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
           SELECT $3::text, $4::text, $5::bytea, $6::text::jsonb, $1::bigint
           WHERE $4::text IS NOT NULL)
         INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
         VALUES($1::bigint, $3::text, $7, $8, $11::text, $9, $10::text)",
        rows::assignments::<GatewayRow>(11)
    )
});

/// The columns of the version are the parameters from 3 on.
static PUBLISH: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH content AS (
           INSERT INTO blobs(sha256, content) VALUES($1, $2) ON CONFLICT DO NOTHING)
         INSERT INTO config_versions({}) VALUES({})",
        VersionRow::column_list(),
        rows::parameters::<VersionRow>(3).join(", ")
    )
});

static REVERT: LazyLock<String> = LazyLock::new(rows::insert_statement::<VersionRow>);

/// Applies a change, or returns the receipt of an earlier, identical request.
pub(super) async fn change(
    session: &mut Session,
    context: &ChangeContext,
    key: &GatewayRef,
    change: GatewayChange<'_>,
) -> Result<ChangeReceipt, QueryError> {
    for _ in 0..ATTEMPTS {
        let outcome = attempt(session, context, key, change).await;
        if outcome.is_err() {
            session.roll_back().await;
        }
        match (outcome, change) {
            (Ok(Some(receipt)), _) => return Ok(receipt),
            (Ok(None), _) => {}
            (Err(error), GatewayChange::Update(patch)) if error.violates("gateways_name") => {
                let name = patch.name.clone().unwrap_or_default();
                if let Some(id) = gateways::owner_of_name(session, &name).await? {
                    return Err(StoreError::NameTaken { name, id }.into());
                }
            }
            (Err(error), _) if error.is_lost_race() => {}
            (Err(error), _) => return Err(error),
        }
    }
    Err(StoreError::Busy(super::timeouts::REQUEST_TIMEOUT.as_secs()).into())
}

/// Attempts the change once; `None` when the gateway was renamed while its lock was awaited.
async fn attempt(
    session: &mut Session,
    context: &ChangeContext,
    key: &GatewayRef,
    change: GatewayChange<'_>,
) -> Result<Option<ChangeReceipt>, QueryError> {
    let (condition, text) = gateways::lookup(key);
    let text = storable(text);
    let lock = format!("{LOCK} {condition} AND g.deleted_at IS NULL FOR NO KEY UPDATE");
    let look = format!("{} {condition}", *rows::SNAPSHOT);
    session
        .prepare(&[&lock, &look, FIND_RECEIPT, DELETE_EXPIRED, &WRITE])
        .await?;
    let memory = KeyLookup::of(context);
    let known: [&(dyn ToSql + Sync); 3] = [&memory.actor, &memory.key, &memory.since];
    let named: [&(dyn ToSql + Sync); 1] = [&text];
    session.begin();
    // One round trip. The statements after the lock see what was committed while it was awaited.
    let (begun, locked, forgotten, row, found) = tokio::join!(
        biased;
        session.batch_execute("BEGIN"),
        session.row(&lock, &named),
        session.rows(DELETE_EXPIRED, &known),
        session.row(FIND_RECEIPT, &known),
        session.row(&look, &named),
    );
    begun?;
    let locked = locked?
        .map(|row| rows::parse::<GatewayId>(&row, "id"))
        .transpose()?;
    forgotten?;
    if let Some(receipt) = receipt_of::<ChangeReceipt>(context, row?.as_ref())? {
        session.roll_back().await;
        return Ok(Some(receipt));
    }
    let current = gateways::snapshot_of(key, found?)?;
    if locked.as_ref() != Some(&current.gateway.id) {
        session.roll_back().await;
        return Ok(None);
    }
    let older = older(session, &current, change).await?;
    let decision = decide(context, change, &current, older.as_ref())?;
    session.committing();
    finish(session, context, change, &decision).await?;
    session.committed();
    Ok(Some(decision.receipt))
}

/// Reads the version to revert to.
async fn older(
    session: &Session,
    current: &GatewaySnapshot,
    change: GatewayChange<'_>,
) -> Result<Option<VersionRow>, QueryError> {
    match change {
        GatewayChange::Revert(revert) => {
            versions::one(session, &current.gateway.id, revert.version).await
        }
        _ => Ok(None),
    }
}

/// Writes and commits in one round trip. When a statement fails, so does the commit.
async fn finish(
    session: &Session,
    context: &ChangeContext,
    change: GatewayChange<'_>,
    decision: &Decision,
) -> Result<(), QueryError> {
    let Some(update) = &decision.update else {
        let (stored, committed) = tokio::join!(
            biased;
            insert_receipt(session, context, &decision.receipt),
            session.batch_execute("COMMIT"),
        );
        return stored.and(committed);
    };
    match change {
        GatewayChange::Publish(_) => session.prepare(&[&PUBLISH]).await?,
        GatewayChange::Revert(_) => session.prepare(&[&REVERT]).await?,
        _ => {}
    }
    let (versioned, written, committed) = tokio::join!(
        biased;
        insert_version(session, change, update),
        put(session, context, decision, update),
        session.batch_execute("COMMIT"),
    );
    versioned.and(written).and(committed)
}

/// Inserts the version that the change publishes.
async fn insert_version(
    session: &Session,
    change: GatewayChange<'_>,
    update: &GatewayUpdate,
) -> Result<(), QueryError> {
    match (change, &update.version) {
        (GatewayChange::Publish(new), Some(row)) => publish(session, new, row).await,
        (_, Some(row)) => {
            let values = row.to_values()?;
            session.rows(&REVERT, &rows::bound(&values)).await.map(drop)
        }
        (_, None) => Ok(()),
    }
}

async fn publish(session: &Session, new: &NewVersion, row: &VersionRow) -> Result<(), QueryError> {
    let (hash, content) = (
        row.content_sha256.as_bytes().as_slice(),
        new.content.as_bytes(),
    );
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&hash, &content];
    let columns = row.to_values()?;
    values.extend(rows::bound(&columns));
    session.rows(&PUBLISH, &values).await.map(drop)
}

/// Writes the gateway, its audit row and the idempotency key.
async fn put(
    session: &Session,
    context: &ChangeContext,
    decision: &Decision,
    update: &GatewayUpdate,
) -> Result<(), QueryError> {
    let row = &update.gateway;
    let deleted = row.deleted_at.is_some();
    let at = context.now.as_microsecond();
    let key = context.idempotency_key.as_ref();
    let (name, fingerprint) = (
        key.map(|key| key.key.as_str()),
        key.map(|key| key.fingerprint.as_slice()),
    );
    let receipt = serde_json::to_string(&decision.receipt)?;
    let detail = canonical_json(&storable_json(update.detail.clone()));
    let rev = rows::bigint(row.rev)?;
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![
        &at,
        &deleted,
        &context.actor,
        &name,
        &fingerprint,
        &receipt,
        &context.request_id,
        &update.action,
        &rev,
        &detail,
    ];
    let columns = row.to_values()?;
    values.extend(rows::bound(&columns));
    session.rows(&WRITE, &values).await.map(drop)
}
