//! Tokens, by their hashes and ids.

use kt_control_api::{GatewayId, Timestamp, TokenHash, TokenId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::session::Session;
use super::{audit, rows};
use crate::store::table::Dialect;
use crate::store::token_use::USE_RESOLUTION;
use crate::store::{
    ChangeContext, NewToken, StoreError, TokenFilter, TokenRecord, TokenRow, TokenUse, table,
};

/// Stores a token. Returns `false`, and changes nothing, when it is stored already.
pub(super) async fn add(
    session: &Session,
    change: &ChangeContext,
    token: &NewToken,
) -> Result<bool, QueryError> {
    rows::insert(session, &token.row(change), "ON CONFLICT(hash) DO NOTHING").await
}

/// Writes the audit row of a new token.
pub(super) async fn record(
    session: &Session,
    change: &ChangeContext,
    token: &NewToken,
) -> Result<(), QueryError> {
    let detail = token.create_detail();
    audit::record(
        session,
        change,
        "token.create",
        token.id.as_str(),
        None,
        detail,
    )
    .await
}

/// Checks that a bootstrap token is accepted, and locks it until the transaction ends.
pub(super) async fn lock_unconsumed(
    session: &Session,
    change: &ChangeContext,
    id: &TokenId,
) -> Result<(), QueryError> {
    let sql = "SELECT id FROM tokens WHERE id = $1 AND scope = 'bootstrap'
        AND revoked_at IS NULL AND expires_at > $2 FOR UPDATE";
    let values: [&(dyn ToSql + Sync); 2] = [&id.as_str(), &change.now.as_microsecond()];
    match session.row(sql, &values).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::TokenInactive(id.clone()).into()),
    }
}

/// Consumes a bootstrap token for the gateway that it creates.
pub(super) async fn consume(
    session: &Session,
    change: &ChangeContext,
    id: &TokenId,
    gateway: &GatewayId,
) -> Result<(), QueryError> {
    let sql = "UPDATE tokens SET revoked_at = $2, gateway_id = $3 WHERE id = $1";
    let at = change.now.as_microsecond();
    let values: [&(dyn ToSql + Sync); 3] = [&id.as_str(), &at, &gateway.as_str()];
    session.rows(sql, &values).await.map(drop)
}

/// Stores when tokens were last used. Rows are locked in the same order by all servers.
const USED: &str = "
    WITH fresh AS (
      SELECT t.id, u.at FROM tokens t
      JOIN unnest($1::text[], $2::bigint[]) AS u(id, at) ON u.id = t.id
      WHERE coalesce(t.last_used_at, 0) <= u.at - $3::bigint
      ORDER BY t.id FOR NO KEY UPDATE OF t)
    UPDATE tokens SET last_used_at = fresh.at FROM fresh WHERE tokens.id = fresh.id";

pub(super) async fn record_uses(session: &Session, uses: &[TokenUse]) -> Result<(), QueryError> {
    let ids: Vec<&str> = uses.iter().map(|one| one.token.as_str()).collect();
    let times: Vec<i64> = uses.iter().map(|one| one.at.as_microsecond()).collect();
    session
        .rows(USED, &[&ids, &times, &USE_RESOLUTION])
        .await
        .map(drop)
}

pub(super) async fn find(
    session: &Session,
    hash: &TokenHash,
) -> Result<Option<TokenRecord>, QueryError> {
    let sql = rows::select::<TokenRow>("WHERE hash = $1");
    let row = session.row(&sql, &[&hash.0.as_slice()]).await?;
    row.as_ref().map(record_of).transpose()
}

pub(super) async fn by_id(session: &Session, id: &TokenId) -> Result<TokenRecord, QueryError> {
    let sql = rows::select::<TokenRow>("WHERE id = $1");
    record_by_id(id, session.row(&sql, &[&id.as_str()]).await?.as_ref())
}

/// Reads a row that was selected by `id`.
pub(super) fn record_by_id(id: &TokenId, row: Option<&Row>) -> Result<TokenRecord, QueryError> {
    let row = row.ok_or_else(|| StoreError::NotFound(format!("token {id}")))?;
    record_of(row)
}

fn record_of(row: &Row) -> Result<TokenRecord, QueryError> {
    let row = <TokenRow as table::Row>::from_row(row)?;
    Ok(TokenRecord::from_token_row(row)?)
}

pub(super) async fn list(
    session: &Session,
    filter: &TokenFilter,
) -> Result<Vec<TokenRecord>, QueryError> {
    let (condition, values) = filter.condition(Dialect::Postgres);
    let sql = rows::select::<TokenRow>(&condition);
    let found = session.rows(&sql, &rows::bound(&values)).await?;
    found.iter().map(record_of).collect()
}

pub(super) async fn has_admin(session: &Session, now: Timestamp) -> Result<bool, QueryError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE scope = 'admin' AND revoked_at IS NULL
                   AND (expires_at IS NULL OR expires_at > $1))";
    let row = session.row(sql, &[&now.as_microsecond()]).await?;
    row.as_ref().map_or(Ok(false), rows::only)
}
