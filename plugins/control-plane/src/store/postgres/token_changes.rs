//! Changes of tokens: one transaction each, with its audit row and the caller's key.

use kt_control_api::{Timestamp, TokenId};

use super::idempotency::run_once;
use super::query_error::QueryError;
use super::session::Session;
use super::{audit, gateways, rows, tokens};
use crate::store::{
    ChangeContext, GatewayRef, NewToken, StoreError, StoredScope, TokenReceipt, TokenRecord,
    TokenRow,
};

/// What a caller wants done to tokens.
pub(super) enum TokenChange<'a> {
    /// Remember one, unless it is known. Heeds no key.
    Add(&'a NewToken),
    /// Make one.
    Create(&'a NewToken),
    /// End one.
    Revoke(&'a TokenId),
    /// Make one and end another at a time.
    Rotate {
        old: &'a TokenId,
        new: &'a NewToken,
        until: Timestamp,
    },
}

/// Carries a change out, or finds that the same request was carried out before.
pub(super) async fn change(
    session: &mut Session,
    change: &ChangeContext,
    token_change: &TokenChange<'_>,
) -> Result<TokenReceipt, QueryError> {
    run_once(session, change, async |session| {
        act(session, change, token_change).await
    })
    .await
}

async fn act(
    session: &Session,
    change: &ChangeContext,
    token_change: &TokenChange<'_>,
) -> Result<TokenReceipt, QueryError> {
    match token_change {
        TokenChange::Add(new) => {
            let added = tokens::add(session, change, new).await?;
            if added {
                tokens::record(session, change, new).await?;
            }
            Ok(TokenReceipt::of(&new.id, !added))
        }
        TokenChange::Create(new) => {
            if let StoredScope::Gateway(id) = &new.scope {
                hold_gateway(session, &GatewayRef::Id(id.clone())).await?;
            }
            tokens::add(session, change, new).await?;
            tokens::record(session, change, new).await?;
            Ok(TokenReceipt::of(&new.id, false))
        }
        TokenChange::Revoke(id) => revoke(session, change, id).await,
        TokenChange::Rotate { old, new, until } => rotate(session, change, old, new, *until).await,
    }
}

/// Keeps the gateway from being deleted, which ends its tokens, until this one is there too.
async fn hold_gateway(session: &Session, key: &GatewayRef) -> Result<(), QueryError> {
    let (condition, text) = gateways::lookup(key);
    let sql = format!("SELECT g.id, g.deleted_at FROM gateways g {condition} FOR SHARE");
    let row = session.row(&sql, &[&text]).await?;
    gateways::present(key, row).map(drop)
}

async fn revoke(
    session: &Session,
    change: &ChangeContext,
    id: &TokenId,
) -> Result<TokenReceipt, QueryError> {
    let token = locked(session, id).await?;
    if token.revoked_at.is_some() {
        return Ok(TokenReceipt::of(id, true));
    }
    end(session, change, id, change.now).await?;
    let detail = token.revoke_detail();
    audit::record(session, change, "token.revoke", id.as_str(), None, detail).await?;
    Ok(TokenReceipt::of(id, false))
}

async fn rotate(
    session: &Session,
    change: &ChangeContext,
    old: &TokenId,
    new: &NewToken,
    until: Timestamp,
) -> Result<TokenReceipt, QueryError> {
    if !locked(session, old).await?.is_active(change.now) {
        return Err(StoreError::TokenInactive(old.clone()).into());
    }
    tokens::add(session, change, new).await?;
    end(session, change, old, until).await?;
    let detail = new.rotate_detail(old, until);
    audit::record(
        session,
        change,
        "token.rotate",
        new.id.as_str(),
        None,
        detail,
    )
    .await?;
    Ok(TokenReceipt::of(&new.id, false))
}

/// Reads a token, which nobody else changes until the transaction ends.
async fn locked(session: &Session, id: &TokenId) -> Result<TokenRecord, QueryError> {
    let sql = rows::select::<TokenRow>("WHERE id = $1 FOR UPDATE");
    let row = session.row(&sql, &[&id.as_str()]).await?;
    tokens::found(id, row.as_ref())
}

/// Revokes a token now, or lets it expire later.
async fn end(
    session: &Session,
    change: &ChangeContext,
    id: &TokenId,
    until: Timestamp,
) -> Result<(), QueryError> {
    let sql = if until <= change.now {
        "UPDATE tokens SET revoked_at = $2 WHERE id = $1"
    } else {
        "UPDATE tokens SET expires_at = least(expires_at, $2) WHERE id = $1"
    };
    let at = until.max(change.now).as_microsecond();
    session.rows(sql, &[&id.as_str(), &at]).await.map(drop)
}
