//! Creates a gateway: one statement with everything that comes with it, unless a bootstrap token is
//! consumed by it.

use std::sync::LazyLock;

use kt_control_api::{TokenId, canonical_json};
use tokio_postgres::types::ToSql;

use super::idempotency::{FIND_RECEIPT, KeyLookup, receipt_of};
use super::query_error::QueryError;
use super::session::Session;
use super::text::storable_json;
use super::{audit, gateways, rows, tokens};
use crate::store::decision::created;
use crate::store::table::{Row, SqlValue};
use crate::store::{
    ChangeContext, ChangeReceipt, GatewayRef, GatewayRow, NewGateway, StoreError, TokenRow,
    VersionRow,
};

/// The first parameters of the columns of the three rows.
const GATEWAY: usize = 11;
const VERSION: usize = GATEWAY + GatewayRow::COLUMNS.len();
const TOKEN: usize = VERSION + VersionRow::COLUMNS.len();

/// All rows depend on the row of the gateway, and that on the idempotency key if there is one: a
/// key in use leaves no row anywhere. Foreign keys are checked when the statement ends.
static CREATE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH once AS (
           INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
           SELECT $1, $2::text, $3::bytea, $4::text::jsonb, $5::bigint WHERE $2::text IS NOT NULL
           ON CONFLICT(actor, key) DO UPDATE SET fingerprint = excluded.fingerprint,
             receipt = excluded.receipt, created_at = excluded.created_at
             WHERE idempotency.created_at <= $6::bigint
           RETURNING 1),
         gateway AS (
           INSERT INTO gateways({gateway_columns})
           SELECT {gateway} WHERE $2::text IS NULL OR EXISTS (SELECT 1 FROM once)
           RETURNING id, rev),
         content AS (
           INSERT INTO blobs(sha256, content)
           SELECT $9::bytea, $10::bytea FROM gateway WHERE $9::bytea IS NOT NULL
           ON CONFLICT DO NOTHING),
         version AS (
           INSERT INTO config_versions({version_columns})
           SELECT {version} FROM gateway WHERE $9::bytea IS NOT NULL),
         token AS (
           INSERT INTO tokens({token_columns})
           SELECT {token} FROM gateway WHERE ${TOKEN}::text IS NOT NULL
           ON CONFLICT(hash) DO NOTHING),
         event AS (
           INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
           SELECT $5::bigint, $1::text, $7::text, 'gateway.create', id, rev, $8::text
           FROM gateway)
         SELECT id FROM gateway",
        gateway_columns = GatewayRow::column_list(),
        gateway = rows::parameters::<GatewayRow>(GATEWAY).join(", "),
        version_columns = VersionRow::column_list(),
        version = rows::parameters::<VersionRow>(VERSION).join(", "),
        token_columns = TokenRow::column_list(),
        token = rows::parameters::<TokenRow>(TOKEN).join(", "),
    )
});

/// How often to retry when a name or key is released while its owner is looked up.
const ATTEMPTS: usize = 8;

/// Creates a gateway. Can be retried after a lost connection: ids are random, so an existing
/// gateway with this id is the one that was created before the response was lost.
pub(super) async fn create(
    session: &mut Session,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<ChangeReceipt, QueryError> {
    for _ in 0..ATTEMPTS {
        match attempt(session, change, new).await {
            Ok(Some(receipt)) => return Ok(receipt),
            // The key was used before.
            Ok(None) => {
                let memory = KeyLookup::of(change);
                let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                    [&memory.actor, &memory.key, &memory.since];
                let row = session.row(FIND_RECEIPT, &values).await?;
                if let Some(receipt) = receipt_of::<ChangeReceipt>(change, row.as_ref())? {
                    let replayed = receipt.gateway != new.gateway.id;
                    return Ok(ChangeReceipt {
                        replayed,
                        ..receipt
                    });
                }
            }
            Err(error) if error.violates("gateways_name") => {
                if let Some(id) = gateways::owner_of_name(session, &new.gateway.name).await? {
                    if id == new.gateway.id {
                        return Ok(created(change, new));
                    }
                    let name = new.gateway.name.clone();
                    return Err(StoreError::NameTaken { name, id }.into());
                }
            }
            Err(error) if error.violates("gateways_pkey") => return Ok(created(change, new)),
            // Was it consumed by this gateway, before the response was lost?
            Err(QueryError::Store(StoreError::TokenInactive(token))) => {
                let key = GatewayRef::Id(new.gateway.id.clone());
                return match gateways::snapshot(session, &key).await {
                    Ok(_) => Ok(created(change, new)),
                    Err(QueryError::Store(_)) => Err(StoreError::TokenInactive(token).into()),
                    Err(error) => Err(error),
                };
            }
            Err(error) if error.is_lost_race() => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Busy(super::timeouts::REQUEST_TIMEOUT.as_secs()).into())
}

/// Attempts the creation once; `None` when the key is in use.
async fn attempt(
    session: &mut Session,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<Option<ChangeReceipt>, QueryError> {
    let Some(token) = &new.bootstrap_token else {
        return insert(session, change, new).await;
    };
    session.begin();
    let created_receipt = insert_and_consume(session, change, new, token).await;
    match created_receipt {
        Ok(Some(_)) => session.committed(),
        Ok(None) | Err(_) => session.roll_back().await,
    }
    created_receipt
}

/// The token is locked first, as in all transactions that end a token, so that locks are taken in
/// the same order.
async fn insert_and_consume(
    session: &Session,
    change: &ChangeContext,
    new: &NewGateway,
    token: &TokenId,
) -> Result<Option<ChangeReceipt>, QueryError> {
    session.batch_execute("BEGIN").await?;
    tokens::lock_unconsumed(session, change, token).await?;
    let created_receipt = insert(session, change, new).await?;
    if created_receipt.is_some() {
        tokens::consume(session, change, token, &new.gateway.id).await?;
        let detail = new.consume_detail();
        audit::record(
            session,
            change,
            "token.consume",
            token.as_str(),
            None,
            detail,
        )
        .await?;
        session.batch_execute("COMMIT").await?;
    }
    Ok(created_receipt)
}

async fn insert(
    session: &Session,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<Option<ChangeReceipt>, QueryError> {
    let gateway = new.row(change.now);
    let receipt = created(change, new);
    let content = new.version.as_ref().map(|new| new.content.as_bytes());
    let version = new.version.as_ref();
    let version = version.map(|new| new.row(&gateway.id, 1, change));
    let token = new.token.as_ref().map(|new| new.row(change));
    let (memory, now) = (KeyLookup::of(change), change.now.as_microsecond());
    let key = change.idempotency_key.as_ref();
    let fingerprint = key.map(|key| key.fingerprint.as_slice());
    let receipt_json = serde_json::to_string(&receipt)?;
    let detail = canonical_json(&storable_json(new.create_detail()));
    let hash = version.as_ref().map(|row| row.content_sha256);
    let hash = hash.as_ref().map(|hash| hash.as_bytes().as_slice());
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![
        &change.actor,
        &memory.key,
        &fingerprint,
        &receipt_json,
        &now,
        &memory.since,
        &change.request_id,
        &detail,
        &hash,
        &content,
    ];
    let mut columns = gateway.to_values()?;
    columns.extend(values_or_nulls(version.as_ref())?);
    columns.extend(values_or_nulls(token.as_ref())?);
    values.extend(rows::bound(&columns));
    let row = session.row(&CREATE, &values).await?;
    Ok(row.map(|_| receipt))
}

/// Returns the values of a row, or as many nulls.
fn values_or_nulls<T: Row>(row: Option<&T>) -> Result<Vec<SqlValue<'_>>, StoreError> {
    match row {
        Some(row) => Ok(row.to_values()?),
        None => Ok(vec![SqlValue::Null; T::COLUMNS.len()]),
    }
}
