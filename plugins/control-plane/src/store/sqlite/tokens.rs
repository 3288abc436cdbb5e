//! Tokens, by their hashes.

use kt_control_api::{GatewayId, Timestamp, TokenHash, TokenId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::rows;
use crate::store::{Change, NewToken, StoreError, TokenRecord, TokenScope};

pub(super) fn add(
    transaction: &Transaction<'_>,
    change: &Change,
    token: &NewToken,
) -> Result<bool, StoreError> {
    let (scope, gateway) = match &token.scope {
        TokenScope::Admin => ("admin", None),
        TokenScope::Read => ("read", None),
        TokenScope::Gateway(id) => ("gateway", Some(id.as_str())),
    };
    let sql = "INSERT INTO tokens(id, name, kind, hash, hint, scope, gateway_id, created_by,
                   created_at)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(hash) DO NOTHING";
    let added = transaction.execute(
        sql,
        params![
            TokenId::random().as_str(),
            token.name,
            token.kind,
            token.hash.0,
            token.hint,
            scope,
            gateway,
            change.actor,
            change.now.as_microsecond(),
        ],
    )?;
    Ok(added > 0)
}

pub(super) fn revoke_of_gateway(
    transaction: &Transaction<'_>,
    now: Timestamp,
    gateway: &GatewayId,
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = ?2 WHERE gateway_id = ?1 AND revoked_at IS NULL";
    transaction.execute(sql, params![gateway.as_str(), now.as_microsecond()])?;
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    hash: &TokenHash,
) -> Result<Option<TokenRecord>, rusqlite::Error> {
    let sql = "SELECT id, name, scope, gateway_id, expires_at, revoked_at FROM tokens
               WHERE hash = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([hash.0], token)
        .optional()
}

fn token(row: &Row<'_>) -> Result<TokenRecord, rusqlite::Error> {
    let gateway: Option<String> = row.get("gateway_id")?;
    let scope = rows::parsed::<String, _>(row, "scope", |word| match (word.as_str(), gateway) {
        ("admin", None) => Some(TokenScope::Admin),
        ("read", None) => Some(TokenScope::Read),
        ("gateway", Some(id)) => id.parse().ok().map(TokenScope::Gateway),
        _ => None,
    })?;
    let expires_at = match row.get::<_, Option<i64>>("expires_at")? {
        Some(_) => Some(rows::time(row, "expires_at")?),
        None => None,
    };
    Ok(TokenRecord {
        id: rows::parsed::<String, _>(row, "id", |text| text.parse().ok())?,
        name: row.get("name")?,
        scope,
        expires_at,
        revoked: row.get::<_, Option<i64>>("revoked_at")?.is_some(),
    })
}

pub(super) fn has_admin(connection: &Connection, now: Timestamp) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE scope = 'admin' AND revoked_at IS NULL
                   AND (expires_at IS NULL OR expires_at > ?1))";
    connection.query_row(sql, [now.as_microsecond()], |row| row.get(0))
}
