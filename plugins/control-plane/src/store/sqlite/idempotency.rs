//! Applies a request once, however often it is repeated.

use rusqlite::{OptionalExtension, params};

use super::write_transaction::WriteTransaction;
use crate::store::change::IDEMPOTENCY_KEY_LIFETIME;
use crate::store::receipt::Repeatable;
use crate::store::{ChangeContext, IdempotencyKey, StoreError};

/// Returns the receipt of an earlier, identical request, or applies the change and stores its
/// receipt.
///
/// A failed request is not stored: nothing was changed, so it may be retried.
pub(super) fn run_once<R: Repeatable>(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    act: impl FnOnce() -> Result<R, StoreError>,
) -> Result<R, StoreError> {
    let Some(key) = &change.idempotency_key else {
        return act();
    };
    if let Some(receipt) = find_receipt(transaction, change, key)? {
        return Ok(receipt);
    }
    let receipt = act()?;
    insert_receipt(transaction, change, key, &receipt)?;
    Ok(receipt)
}

fn find_receipt<R: Repeatable>(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    key: &IdempotencyKey,
) -> Result<Option<R>, StoreError> {
    let sql = "SELECT fingerprint, receipt FROM idempotency
               WHERE actor = ?1 AND key = ?2 AND created_at > ?3";
    let since = change.now.as_microsecond() - IDEMPOTENCY_KEY_LIFETIME;
    let row = transaction
        .prepare_cached(sql)?
        .query_row(params![change.actor, key.key, since], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let Some((fingerprint, receipt)) = row else {
        return Ok(None);
    };
    if fingerprint != key.fingerprint {
        return Err(StoreError::IdempotencyKeyReused);
    }
    let receipt: R = serde_json::from_str(&receipt)?;
    Ok(Some(receipt.replayed()))
}

fn insert_receipt(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    key: &IdempotencyKey,
    receipt: &impl Repeatable,
) -> Result<(), StoreError> {
    let now = change.now.as_microsecond();
    transaction
        .prepare_cached("DELETE FROM idempotency WHERE created_at <= ?1")?
        .execute([now - IDEMPOTENCY_KEY_LIFETIME])?;
    let sql = "INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
               VALUES(?1, ?2, ?3, ?4, ?5)";
    let receipt = serde_json::to_string(receipt)?;
    transaction.prepare_cached(sql)?.execute(params![
        change.actor,
        key.key,
        key.fingerprint,
        receipt,
        now
    ])?;
    Ok(())
}
