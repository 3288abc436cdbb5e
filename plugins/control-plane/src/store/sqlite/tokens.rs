//! Tokens, by their hashes and ids.

use kt_control_api::{GatewayId, Timestamp, TokenHash, TokenId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::write_transaction::WriteTransaction;
use super::{audit, gateways, rows};
use crate::crash::crash_point;
use crate::store::{
    ChangeContext, GatewayRef, NewGateway, NewToken, StoreError, StoredScope, TokenFilter,
    TokenReceipt, TokenRecord, TokenUse, USE_GRAIN,
};

/// Everything that [`token`] reads.
const TOKEN: &str = "
    SELECT id, name, kind, hint, scope, gateway_id, created_by, created_at, expires_at, revoked_at,
           last_used_at
    FROM tokens";

/// Stores a token. Returns `false`, and changes nothing, when it is known already.
pub(super) fn add(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    token: &NewToken,
) -> Result<bool, StoreError> {
    let (scope, gateway) = token.scope.kept();
    let sql = "INSERT INTO tokens(id, name, kind, hash, hint, scope, gateway_id, created_by,
                   created_at, expires_at)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT(hash) DO NOTHING";
    let added = transaction.prepare_cached(sql)?.execute(params![
        token.id.as_str(),
        token.name,
        token.kind,
        token.hash.0,
        token.hint,
        scope,
        gateway,
        change.actor,
        change.now.as_microsecond(),
        token.expires_at.map(Timestamp::as_microsecond),
    ])?;
    Ok(added > 0)
}

/// Records that a token was made.
pub(super) fn record(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    token: &NewToken,
) -> Result<(), StoreError> {
    let detail = token.told_created();
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
    let detail = token.told_revoked();
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
    let detail = new.told_rotated(old, until);
    let id = new.id.as_str();
    audit::record(transaction, change, "token.rotate", id, None, &detail)?;
    Ok(TokenReceipt::of(&new.id, false))
}

/// Ends a bootstrap token for the gateway that it registers.
pub(super) fn spend(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    id: &TokenId,
    gateway: &GatewayId,
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = ?2, gateway_id = ?3
               WHERE id = ?1 AND scope = 'bootstrap' AND revoked_at IS NULL AND expires_at > ?2";
    let at = change.now.as_microsecond();
    let spent =
        transaction
            .prepare_cached(sql)?
            .execute(params![id.as_str(), at, gateway.as_str()])?;
    if spent == 0 {
        return Err(StoreError::TokenInactive(id.clone()));
    }
    let detail = NewGateway::told_spent(gateway);
    audit::record(
        transaction,
        change,
        "token.spend",
        id.as_str(),
        None,
        &detail,
    )
}

/// Revokes a token now, or lets it expire later.
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

/// Remembers when tokens were last used.
pub(super) fn used(
    transaction: &WriteTransaction<'_>,
    uses: &[TokenUse],
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET last_used_at = ?2
               WHERE id = ?1 AND ifnull(last_used_at, 0) <= ?2 - ?3";
    let mut statement = transaction.prepare_cached(sql)?;
    for one in uses {
        let at = one.at.as_microsecond();
        statement.execute(params![one.token.as_str(), at, USE_GRAIN])?;
    }
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    hash: &TokenHash,
) -> Result<Option<TokenRecord>, rusqlite::Error> {
    connection
        .prepare_cached(&format!("{TOKEN} WHERE hash = ?1"))?
        .query_row([hash.0], token)
        .optional()
}

pub(super) fn by_id(connection: &Connection, id: &TokenId) -> Result<TokenRecord, StoreError> {
    let found = connection
        .prepare_cached(&format!("{TOKEN} WHERE id = ?1"))?
        .query_row([id.as_str()], token)
        .optional()?;
    found.ok_or_else(|| StoreError::NotFound(format!("token {id}")))
}

pub(super) fn list(
    connection: &Connection,
    filter: &TokenFilter,
) -> Result<Vec<TokenRecord>, rusqlite::Error> {
    // Tokens are never deleted, so the place of the last one can be looked up.
    let sql = format!(
        "{TOKEN}
         WHERE (?1 IS NULL OR (created_at, id) < (SELECT created_at, id FROM tokens WHERE id = ?1))
           AND (?2 IS NULL OR kind = ?2)
           AND (?3 IS NULL OR gateway_id = ?3)
           AND (?4 IS NULL
                OR ?4 = (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?5)))
         ORDER BY created_at DESC, id DESC LIMIT ?6"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(
        params![
            filter.after.as_ref().map(TokenId::as_str),
            filter.kind,
            filter.gateway.as_ref().map(GatewayId::as_str),
            filter.active.map(|(active, _)| active),
            filter.active.map(|(_, at)| at.as_microsecond()),
            filter.limit as u64,
        ],
        token,
    )?;
    found.collect()
}

fn token(row: &Row<'_>) -> Result<TokenRecord, rusqlite::Error> {
    let gateway: Option<String> = row.get("gateway_id")?;
    let scope = rows::parsed::<String, _>(row, "scope", |word| {
        StoredScope::of_kept(&word, gateway.as_deref())
    })?;
    Ok(TokenRecord {
        id: rows::parsed::<String, _>(row, "id", |text| text.parse().ok())?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        hint: row.get("hint")?,
        scope,
        created_by: row.get("created_by")?,
        created_at: rows::time(row, "created_at")?,
        expires_at: rows::time_or_none(row, "expires_at")?,
        revoked_at: rows::time_or_none(row, "revoked_at")?,
        last_used_at: rows::time_or_none(row, "last_used_at")?,
    })
}

pub(super) fn has_admin(connection: &Connection, now: Timestamp) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE scope = 'admin' AND revoked_at IS NULL
                   AND (expires_at IS NULL OR expires_at > ?1))";
    connection
        .prepare_cached(sql)?
        .query_row([now.as_microsecond()], |row| row.get(0))
}
