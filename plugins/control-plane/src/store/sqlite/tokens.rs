//! Tokens, by their hashes and ids.

use kt_control_api::{GatewayId, Timestamp, TokenHash, TokenId};
use rusqlite::{Connection, params, params_from_iter};

use super::write_transaction::WriteTransaction;
use super::{audit, gateways, rows};
use crate::crash::crash_point;
use crate::store::table::Dialect;
use crate::store::token_use::USE_RESOLUTION;
use crate::store::{
    ChangeContext, GatewayRef, NewGateway, NewToken, StoreError, StoredScope, TokenFilter,
    TokenReceipt, TokenRecord, TokenRow, TokenUse,
};

/// Stores a token. Returns `false`, and changes nothing, when it is stored already.
pub(super) fn add(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    token: &NewToken,
) -> Result<bool, StoreError> {
    rows::insert(
        transaction,
        &token.row(change),
        "ON CONFLICT(hash) DO NOTHING",
    )
}

/// Writes the audit row of a new token.
pub(super) fn record(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    token: &NewToken,
) -> Result<(), StoreError> {
    let detail = token.create_detail();
    let id = token.id.as_str();
    audit::record(transaction, change, "token.create", id, None, &detail)
}

pub(super) fn create(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    new: &NewToken,
) -> Result<TokenReceipt, StoreError> {
    if let StoredScope::Gateway(id) = &new.scope {
        gateways::find(transaction, &GatewayRef::Id(id.clone()))?;
    }
    add(transaction, change, new)?;
    record(transaction, change, new)?;
    Ok(TokenReceipt::of(&new.id, false))
}

pub(super) fn revoke(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    id: &TokenId,
) -> Result<TokenReceipt, StoreError> {
    let token = by_id(transaction, id)?;
    if token.revoked_at.is_some() {
        return Ok(TokenReceipt::of(id, true));
    }
    end(transaction, change, id, change.now)?;
    let detail = token.revoke_detail();
    audit::record(
        transaction,
        change,
        "token.revoke",
        id.as_str(),
        None,
        &detail,
    )?;
    Ok(TokenReceipt::of(id, false))
}

pub(super) fn rotate(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    old: &TokenId,
    new: &NewToken,
    until: Timestamp,
) -> Result<TokenReceipt, StoreError> {
    if !by_id(transaction, old)?.is_active(change.now) {
        return Err(StoreError::TokenInactive(old.clone()));
    }
    add(transaction, change, new)?;
    crash_point("rotate.inserted");
    end(transaction, change, old, until)?;
    let detail = new.rotate_detail(old, until);
    let id = new.id.as_str();
    audit::record(transaction, change, "token.rotate", id, None, &detail)?;
    Ok(TokenReceipt::of(&new.id, false))
}

/// Consumes a bootstrap token for the gateway that it creates.
pub(super) fn consume(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    id: &TokenId,
    new: &NewGateway,
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = ?2, gateway_id = ?3
               WHERE id = ?1 AND scope = 'bootstrap' AND revoked_at IS NULL AND expires_at > ?2";
    let at = change.now.as_microsecond();
    let consumed = transaction.prepare_cached(sql)?.execute(params![
        id.as_str(),
        at,
        new.gateway.id.as_str()
    ])?;
    if consumed == 0 {
        return Err(StoreError::TokenInactive(id.clone()));
    }
    let detail = new.consume_detail();
    audit::record(
        transaction,
        change,
        "token.consume",
        id.as_str(),
        None,
        &detail,
    )
}

/// Revokes a token now, or sets when it expires.
fn end(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    id: &TokenId,
    until: Timestamp,
) -> Result<(), StoreError> {
    let sql = if until <= change.now {
        "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1"
    } else {
        "UPDATE tokens SET expires_at = min(ifnull(expires_at, ?2), ?2) WHERE id = ?1"
    };
    let at = until.max(change.now).as_microsecond();
    transaction
        .prepare_cached(sql)?
        .execute(params![id.as_str(), at])?;
    Ok(())
}

pub(super) fn revoke_of_gateway(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    gateway: &GatewayId,
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = ?2 WHERE gateway_id = ?1 AND revoked_at IS NULL";
    transaction
        .prepare_cached(sql)?
        .execute(params![gateway.as_str(), now.as_microsecond()])?;
    Ok(())
}

/// Stores when tokens were last used.
pub(super) fn record_uses(
    transaction: &WriteTransaction<'_>,
    uses: &[TokenUse],
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET last_used_at = ?2
               WHERE id = ?1 AND ifnull(last_used_at, 0) <= ?2 - ?3";
    let mut statement = transaction.prepare_cached(sql)?;
    for one in uses {
        let at = one.at.as_microsecond();
        statement.execute(params![one.token.as_str(), at, USE_RESOLUTION])?;
    }
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    hash: &TokenHash,
) -> Result<Option<TokenRecord>, StoreError> {
    let found: Option<TokenRow> = rows::query_one(connection, "WHERE hash = ?1", [hash.0])?;
    Ok(found.map(TokenRecord::from_token_row).transpose()?)
}

pub(super) fn by_id(connection: &Connection, id: &TokenId) -> Result<TokenRecord, StoreError> {
    let found: Option<TokenRow> = rows::query_one(connection, "WHERE id = ?1", [id.as_str()])?;
    let row = found.ok_or_else(|| StoreError::NotFound(format!("token {id}")))?;
    Ok(TokenRecord::from_token_row(row)?)
}

pub(super) fn list(
    connection: &Connection,
    filter: &TokenFilter,
) -> Result<Vec<TokenRecord>, StoreError> {
    let (condition, values) = filter.condition(Dialect::Sqlite);
    let found: Vec<TokenRow> = rows::query(connection, &condition, params_from_iter(values))?;
    let records = found.into_iter().map(TokenRecord::from_token_row);
    Ok(records.collect::<Result<_, _>>()?)
}

pub(super) fn has_admin(connection: &Connection, now: Timestamp) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE scope = 'admin' AND revoked_at IS NULL
                   AND (expires_at IS NULL OR expires_at > ?1))";
    connection
        .prepare_cached(sql)?
        .query_row([now.as_microsecond()], |row| row.get(0))
}
