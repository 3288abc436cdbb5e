//! Remembering requests that were carried out.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::failure::Failure;
use super::rows;
use super::session::Session;
use crate::store::{Change, KEY_MEMORY, Repeatable, StoreError};

/// Finds what the same request did before.
pub(super) const RECALL: &str = "SELECT fingerprint, receipt::text AS receipt FROM idempotency
    WHERE actor = $1 AND key = $2 AND created_at > $3";

/// Forgets the key when it is too old. Apart from the rest: a row that a statement deletes is
/// still in the way of one that the same statement adds.
pub(super) const FORGET: &str = "DELETE FROM idempotency
    WHERE actor = $1 AND key = $2 AND created_at <= $3";

const REMEMBER: &str = "
    INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
    VALUES($1, $2, $3, $4::text::jsonb, $5)";

/// Forgets other old keys, a few at a time, past those that somebody is at.
const PRUNE: &str = "DELETE FROM idempotency WHERE (actor, key) IN (
    SELECT actor, key FROM idempotency WHERE created_at <= $1
    ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";

/// The values that [`RECALL`] and [`FORGET`] take.
pub(super) struct Memory<'a> {
    pub(super) actor: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) since: i64,
}

impl<'a> Memory<'a> {
    pub(super) fn of(change: &'a Change) -> Self {
        Self {
            actor: &change.actor,
            key: change.once.as_ref().map(|once| once.key.as_str()),
            since: change.now.as_microsecond() - KEY_MEMORY,
        }
    }
}

/// Reads what [`RECALL`] found.
pub(super) fn recalled<R: Repeatable>(
    change: &Change,
    row: Option<&Row>,
) -> Result<Option<R>, Failure> {
    let (Some(once), Some(row)) = (&change.once, row) else {
        return Ok(None);
    };
    if rows::bytes(row, "fingerprint")? != once.fingerprint {
        return Err(StoreError::KeyReused.into());
    }
    let receipt: R = serde_json::from_str(row.try_get("receipt")?)?;
    Ok(Some(receipt.replayed()))
}

/// Keeps the answer of a request, when it came with a key.
pub(super) async fn remember(
    session: &Session,
    change: &Change,
    receipt: &impl Repeatable,
) -> Result<(), Failure> {
    let Some(once) = &change.once else {
        return Ok(());
    };
    let receipt = serde_json::to_string(receipt)?;
    let at = change.now.as_microsecond();
    let fingerprint = once.fingerprint.as_slice();
    let values: [&(dyn ToSql + Sync); 5] = [&change.actor, &once.key, &fingerprint, &receipt, &at];
    session.rows(REMEMBER, &values).await.map(drop)
}

/// Forgets keys that nobody may use any more.
pub(super) async fn prune(session: &Session, now: i64) -> Result<(), Failure> {
    drop(session.rows(PRUNE, &[&(now - KEY_MEMORY)]).await?);
    Ok(())
}
