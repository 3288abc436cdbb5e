//! Applies a request once, however often it is repeated.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::timeouts::REQUEST_TIMEOUT;
use crate::store::change::IDEMPOTENCY_KEY_LIFETIME;
use crate::store::receipt::Repeatable;
use crate::store::{ChangeContext, StoreError};

/// Selects the receipt of an earlier request with the key.
pub(super) const FIND_RECEIPT: &str =
    "SELECT fingerprint, receipt::text AS receipt FROM idempotency
    WHERE actor = $1 AND key = $2 AND created_at > $3";

/// Deletes the key when it has expired. A statement of its own: a row that a statement deletes
/// still conflicts with one that the same statement inserts.
pub(super) const DELETE_EXPIRED: &str = "DELETE FROM idempotency
    WHERE actor = $1 AND key = $2 AND created_at <= $3";

const REMEMBER: &str = "
    INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
    VALUES($1, $2, $3, $4::text::jsonb, $5)";

/// Deletes other expired keys, a limited number at a time, without those that are locked.
const DELETE_EXPIRED_BATCH: &str = "DELETE FROM idempotency WHERE (actor, key) IN (
    SELECT actor, key FROM idempotency WHERE created_at <= $1
    ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";

/// How often to begin again after a lost race.
const ATTEMPTS: usize = 8;

/// The values that [`FIND_RECEIPT`] and [`DELETE_EXPIRED`] take.
pub(super) struct KeyLookup<'a> {
    pub(super) actor: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) since: i64,
}

impl<'a> KeyLookup<'a> {
    pub(super) fn of(change: &'a ChangeContext) -> Self {
        Self {
            actor: &change.actor,
            key: change
                .idempotency_key
                .as_ref()
                .map(|once| once.key.as_str()),
            since: change.now.as_microsecond() - IDEMPOTENCY_KEY_LIFETIME,
        }
    }
}

/// Reads the row of [`FIND_RECEIPT`].
pub(super) fn receipt_of<R: Repeatable>(
    change: &ChangeContext,
    row: Option<&Row>,
) -> Result<Option<R>, QueryError> {
    let (Some(once), Some(row)) = (&change.idempotency_key, row) else {
        return Ok(None);
    };
    if rows::bytes(row, "fingerprint")? != once.fingerprint {
        return Err(StoreError::IdempotencyKeyReused.into());
    }
    let receipt: R = serde_json::from_str(row.try_get("receipt")?)?;
    Ok(Some(receipt.replayed()))
}

/// Stores the receipt of a request that has a key.
pub(super) async fn insert_receipt(
    session: &Session,
    change: &ChangeContext,
    receipt: &impl Repeatable,
) -> Result<(), QueryError> {
    let Some(once) = &change.idempotency_key else {
        return Ok(());
    };
    let receipt = serde_json::to_string(receipt)?;
    let at = change.now.as_microsecond();
    let fingerprint = once.fingerprint.as_slice();
    let values: [&(dyn ToSql + Sync); 5] = [&change.actor, &once.key, &fingerprint, &receipt, &at];
    session.rows(REMEMBER, &values).await.map(drop)
}

/// Deletes expired keys.
pub(super) async fn delete_expired(session: &Session, now: i64) -> Result<(), QueryError> {
    drop(
        session
            .rows(DELETE_EXPIRED_BATCH, &[&(now - IDEMPOTENCY_KEY_LIFETIME)])
            .await?,
    );
    Ok(())
}

/// Returns the receipt of an earlier, identical request, or applies the change in a transaction of
/// its own and stores its receipt.
pub(super) async fn run_once<R: Repeatable>(
    session: &mut Session,
    change: &ChangeContext,
    act: impl AsyncFn(&Session) -> Result<R, QueryError>,
) -> Result<R, QueryError> {
    for _ in 0..ATTEMPTS {
        match attempt(session, change, &act).await {
            Ok(receipt) => return Ok(receipt),
            Err(error) => {
                session.roll_back().await;
                if !error.is_lost_race() {
                    return Err(error);
                }
            }
        }
    }
    Err(StoreError::Busy(REQUEST_TIMEOUT.as_secs()).into())
}

async fn attempt<R: Repeatable>(
    session: &mut Session,
    change: &ChangeContext,
    act: &impl AsyncFn(&Session) -> Result<R, QueryError>,
) -> Result<R, QueryError> {
    let memory = KeyLookup::of(change);
    let known: [&(dyn ToSql + Sync); 3] = [&memory.actor, &memory.key, &memory.since];
    session.begin();
    session.batch_execute("BEGIN").await?;
    session.rows(DELETE_EXPIRED, &known).await?;
    let row = session.row(FIND_RECEIPT, &known).await?;
    if let Some(receipt) = receipt_of(change, row.as_ref())? {
        session.roll_back().await;
        return Ok(receipt);
    }
    let receipt = act(session).await?;
    insert_receipt(session, change, &receipt).await?;
    session.committing();
    session.batch_execute("COMMIT").await?;
    session.committed();
    Ok(receipt)
}
