//! Tokens, by their hashes.

use kt_control_api::{Timestamp, TokenHash, TokenId};
use serde_json::json;
use tokio_postgres::Row;

use super::failure::Failure;
use super::rows;
use super::session::Session;
use super::text::storable;
use crate::store::{Change, NewToken, TokenRecord, TokenScope};

/// How a scope is kept: its word, and the gateway it is for.
pub(super) fn kept(scope: &TokenScope) -> (&'static str, Option<&str>) {
    match scope {
        TokenScope::Admin => ("admin", None),
        TokenScope::Read => ("read", None),
        TokenScope::Gateway(id) => ("gateway", Some(id.as_str())),
    }
}

/// Adds a token and its audit row, unless the token is known.
pub(super) async fn add(
    session: &Session,
    change: &Change,
    token: &NewToken,
) -> Result<(), Failure> {
    let sql = "WITH added AS (
            INSERT INTO tokens(id, name, kind, hash, hint, scope, gateway_id, created_by,
                created_at)
            VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT(hash) DO NOTHING RETURNING hint)
        INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
        SELECT $9, $8, $10, 'token.create', hint, NULL, $11::text::jsonb FROM added";
    let (scope, gateway) = kept(&token.scope);
    let detail = json!({"name": token.name, "kind": token.kind}).to_string();
    let (id, name) = (TokenId::random(), storable(&token.name));
    let at = change.now.as_microsecond();
    let hash = token.hash.0.as_slice();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 11] = [
        &id.as_str(),
        &name,
        &token.kind,
        &hash,
        &token.hint,
        &scope,
        &gateway,
        &change.actor,
        &at,
        &change.request_id,
        &detail,
    ];
    session.rows(sql, &values).await.map(drop)
}

pub(super) async fn find(
    session: &Session,
    hash: &TokenHash,
) -> Result<Option<TokenRecord>, Failure> {
    let sql = "SELECT id, name, scope, gateway_id, expires_at, revoked_at FROM tokens
               WHERE hash = $1";
    let row = session.row(sql, &[&hash.0.as_slice()]).await?;
    row.as_ref().map(token).transpose()
}

fn token(row: &Row) -> Result<TokenRecord, Failure> {
    let gateway: Option<&str> = row.try_get("gateway_id")?;
    let scope = match (row.try_get("scope")?, gateway) {
        ("admin", None) => TokenScope::Admin,
        ("read", None) => TokenScope::Read,
        ("gateway", Some(_)) => TokenScope::Gateway(rows::word(row, "gateway_id")?),
        _ => return Err(rows::damaged("scope")),
    };
    let expires_at: Option<i64> = row.try_get("expires_at")?;
    Ok(TokenRecord {
        id: rows::word(row, "id")?,
        name: row.try_get("name")?,
        scope,
        expires_at: expires_at.map(rows::time_of).transpose()?,
        revoked: row.try_get::<_, Option<i64>>("revoked_at")?.is_some(),
    })
}

pub(super) async fn has_admin(session: &Session, now: Timestamp) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE scope = 'admin' AND revoked_at IS NULL
                   AND (expires_at IS NULL OR expires_at > $1))";
    let row = session.row(sql, &[&now.as_microsecond()]).await?;
    row.as_ref().map_or(Ok(false), rows::only)
}
