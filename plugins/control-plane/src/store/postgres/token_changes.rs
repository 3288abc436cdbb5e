//! Changes of tokens, each in one transaction with its audit row and idempotency key.

use kt_control_api::{Timestamp, TokenId};

use super::idempotency::run_once;
use super::query_error::QueryError;
use super::session::Session;
use super::{audit, gateways, rows, tokens};
use crate::store::{
    ChangeContext, GatewayRef, NewToken, StoreError, StoredScope, TokenReceipt, TokenRecord,
    TokenRow,
};

/// A change of tokens.
pub(super) enum TokenChange<'a> {
    /// Stores a token, unless it is stored already. Ignores the idempotency key.
    Add(&'a NewToken),
    /// Creates a token.
    Create(&'a NewToken),
    /// Revokes a token.
    Revoke(&'a TokenId),
    /// Creates a token, and ends another one at a time.
    Rotate {
        old: &'a TokenId,
        new: &'a NewToken,
        until: Timestamp,
    },
}

/// Applies a change, or returns the receipt of an earlier, identical request.
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
                lock_gateway(session, &GatewayRef::Id(id.clone())).await?;
            }
            tokens::add(session, change, new).await?;
            tokens::record(session, change, new).await?;
            Ok(TokenReceipt::of(&new.id, false))
        }
        TokenChange::Revoke(id) => revoke(session, change, id).await,
        TokenChange::Rotate { old, new, until } => rotate(session, change, old, new, *until).await,
    }
}

/// Prevents the deletion of the gateway, which revokes its tokens, until this token is stored.
async fn lock_gateway(session: &Session, gateway_ref: &GatewayRef) -> Result<(), QueryError> {
    let (condition, text) = gateways::lookup(gateway_ref);
    let sql = format!("SELECT g.id, g.deleted_at FROM gateways g {condition} FOR SHARE");
    let row = session.row(&sql, &[&text]).await?;
    gateways::present(gateway_ref, row).map(drop)
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

/// Reads a token, and locks it until the transaction ends.
async fn locked(session: &Session, id: &TokenId) -> Result<TokenRecord, QueryError> {
    let sql = rows::select::<TokenRow>("WHERE id = $1 FOR UPDATE");
    let row = session.row(&sql, &[&id.as_str()]).await?;
    tokens::record_by_id(id, row.as_ref())
}

/// Revokes a token now, or sets when it expires.
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
