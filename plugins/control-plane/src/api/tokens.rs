//! Tokens.

use kt_control_api::{
    CreateTokenRequest, IssuedToken, MAX_BOOTSTRAP_SECONDS, MAX_GRACE_SECONDS, MAX_TOKEN_SECONDS,
    ProblemCode, ProblemItem, Response, RotateTokenRequest, Timestamp, Token, TokenId, TokenInfo,
    TokenKind, TokenScope, validate_name,
};

use super::error::{ApiError, api_error, out_of_bounds, validation_failed};
use super::input;
use super::limits::{DEFAULT_PAGE, MAX_PAGE};
use super::pagination::page;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::{json, json_response, set_replayed};
use super::service::{Api, RequestContext};
use crate::store::{
    GatewayRef, NewToken, StoreError, StoredScope, TokenFilter, TokenReceipt, TokenRecord,
};

/// The kinds that a filter accepts.
const KINDS: [TokenKind; 3] = [TokenKind::Access, TokenKind::Gateway, TokenKind::Bootstrap];

impl Api {
    pub(super) fn list_tokens(&self, context: &RequestContext<'_>) -> HandlerResult {
        let request = context.request;
        let limit = input::bounded(request, "limit", DEFAULT_PAGE, 1, MAX_PAGE)? as usize;
        let now = self.now();
        let gateway = request
            .query
            .get("gateway")
            .map(|text| GatewayRef::parse(text));
        let kind = request.query.get("type");
        if kind.is_some_and(|word| KINDS.iter().all(|kind| kind.as_str() != word)) {
            return Err(api_error(
                ProblemCode::MalformedRequest,
                "`type` is not a kind of token",
            ));
        }
        let filter = TokenFilter {
            after: input::query::<TokenId>(request, "cursor")?,
            active: input::query(request, "active")?.map(|active| (active, now)),
            kind: kind.cloned(),
            // Also of a deleted gateway, whose tokens can still be listed.
            gateway: match gateway {
                Some(GatewayRef::Id(id)) => Some(id),
                Some(key @ GatewayRef::Name(_)) => Some(self.find(&key)?.gateway.id),
                None => None,
            },
            limit: limit + 1,
        };
        let tokens = self.store_result(self.store().tokens(&filter))?;
        let items = tokens.into_iter().map(|token| info(token, now)).collect();
        json(
            200,
            &page(items, limit, |token: &TokenInfo| token.id.to_string()),
        )
    }

    pub(super) fn inspect_token(&self, id: &str) -> HandlerResult {
        let token = self.store_result(self.store().token_by_id(&token_id(id)?))?;
        json(200, &info(token, self.now()))
    }

    pub(super) fn create_token(&self, context: &RequestContext<'_>) -> HandlerResult {
        let body: CreateTokenRequest = input::json_body(context.request)?;
        check(&body)?;
        let scope = match (body.scope, &body.gateway) {
            (TokenScope::Admin, _) => StoredScope::Admin,
            (TokenScope::Bootstrap, _) => StoredScope::Bootstrap { registered: None },
            (TokenScope::Gateway, Some(gateway)) => {
                StoredScope::Gateway(self.find(&GatewayRef::parse(gateway))?.gateway.id)
            }
            _ => StoredScope::Read,
        };
        let kind = kind_of_scope(body.scope);
        let token = Token::random(kind);
        let default = (kind == TokenKind::Bootstrap).then_some(MAX_BOOTSTRAP_SECONDS);
        let seconds = body.expires_in_seconds.or(default);
        let new = NewToken {
            expires_at: seconds.map(|s| add_seconds(self.now(), s)),
            ..NewToken::of(&token, scope, &body.name)
        };
        let receipt = self.store().create_token(&self.change(context)?, &new);
        self.issued_token(receipt, token, WakeTarget::None)
    }

    pub(super) fn revoke_token(&self, context: &RequestContext<'_>, id: &str) -> HandlerResult {
        let id = token_id(id)?;
        self.store_result(self.store().revoke_token(&self.change(context)?, &id))?;
        let token = self.store_result(self.store().token_by_id(&id))?;
        // Requests that wait with the token must be rejected at once.
        let response = json_response(200, &info(token, self.now()));
        Ok(Reply::complete(response, WakeTarget::Token(id)))
    }

    pub(super) fn rotate_token(&self, context: &RequestContext<'_>, id: &str) -> HandlerResult {
        let id = token_id(id)?;
        let body: RotateTokenRequest = input::json_body(context.request)?;
        let mut errors = Vec::new();
        if body.grace_seconds > MAX_GRACE_SECONDS {
            let message = format!("`grace_seconds` must be at most {MAX_GRACE_SECONDS}");
            errors.push(ProblemItem::at("/grace_seconds", "out-of-bounds", message));
        }
        // The scope of a token never changes, so it can be read before the change.
        let old = self.store_result(self.store().token_by_id(&id))?;
        errors.extend(check_lifetime(
            body.expires_in_seconds,
            max_lifetime(kind_of(&old)),
        ));
        if !errors.is_empty() {
            return Err(validation_failed(errors));
        }
        let now = self.now();
        let token = Token::random(kind_of(&old));
        let new = NewToken {
            expires_at: match body.expires_in_seconds {
                Some(seconds) => Some(add_seconds(now, seconds)),
                None => old
                    .expires_at
                    .map(|end| add_seconds(now, lifetime_of(old.created_at, end))),
            },
            ..NewToken::of(&token, old.scope, &old.name)
        };
        let until = add_seconds(now, body.grace_seconds);
        let change = self.change(context)?;
        let receipt = self.store().rotate_token(&change, &id, &new, until);
        self.issued_token(receipt, token, WakeTarget::Token(id))
    }

    fn issued_token(
        &self,
        receipt: Result<TokenReceipt, StoreError>,
        token: Token,
        wake: WakeTarget,
    ) -> HandlerResult {
        let receipt = self.store_result(receipt)?;
        let record = self.store_result(self.store().token_by_id(&receipt.token))?;
        let location = format!("/v1/tokens/{}", record.id);
        let issued = IssuedToken {
            info: info(record, self.now()),
            // A replayed request creates no token, and the first one is not stored in clear text.
            token: Some(token).filter(|_| !receipt.replayed),
        };
        let mut response = json_response(201, &issued);
        set_token_headers(&mut response, location);
        set_replayed(&mut response, receipt.replayed);
        Ok(Reply::complete(response, wake))
    }
}

/// Sets the location of the token, and forbids caches to store the response.
fn set_token_headers(response: &mut Response, location: String) {
    let headers = &mut response.headers;
    headers.insert("location".to_owned(), location);
    headers.insert("cache-control".to_owned(), "no-store".to_owned());
}

fn check(body: &CreateTokenRequest) -> Result<(), ApiError> {
    let mut errors: Vec<ProblemItem> = Vec::new();
    if let Err(error) = validate_name(&body.name) {
        errors.push(out_of_bounds("/name", &error));
    }
    let mut bad_scope = |pointer: &str, message: &str| {
        errors.push(ProblemItem::at(pointer, "invalid-scope", message));
    };
    match (body.scope, &body.gateway) {
        (TokenScope::Unknown, _) => {
            bad_scope(
                "/scope",
                "the scope is `admin`, `read`, `gateway` or `bootstrap`",
            );
        }
        (TokenScope::Gateway, None) => {
            bad_scope("/gateway", "the scope `gateway` requires a gateway")
        }
        (TokenScope::Admin | TokenScope::Read | TokenScope::Bootstrap, Some(_)) => {
            bad_scope("/gateway", "only the scope `gateway` accepts a gateway");
        }
        _ => {}
    }
    let longest = max_lifetime(kind_of_scope(body.scope));
    errors.extend(check_lifetime(body.expires_in_seconds, longest));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(validation_failed(errors))
    }
}

fn kind_of_scope(scope: TokenScope) -> TokenKind {
    match scope {
        TokenScope::Gateway => TokenKind::Gateway,
        TokenScope::Bootstrap => TokenKind::Bootstrap,
        TokenScope::Admin | TokenScope::Read | TokenScope::Unknown => TokenKind::Access,
    }
}

/// Returns the longest lifetime of a kind of token in seconds.
fn max_lifetime(kind: TokenKind) -> u64 {
    match kind {
        TokenKind::Bootstrap => MAX_BOOTSTRAP_SECONDS,
        TokenKind::Access | TokenKind::Gateway => MAX_TOKEN_SECONDS,
    }
}

fn check_lifetime(seconds: Option<u64>, longest: u64) -> Option<ProblemItem> {
    if seconds.is_none_or(|s| (1..=longest).contains(&s)) {
        return None;
    }
    let message =
        format!("`expires_in_seconds` must be between 1 and {longest} for this kind of token");
    Some(ProblemItem::at(
        "/expires_in_seconds",
        "out-of-bounds",
        message,
    ))
}

fn token_id(text: &str) -> Result<TokenId, ApiError> {
    text.parse()
        .map_err(|_| api_error(ProblemCode::NotFound, "there is no such token"))
}

fn kind_of(token: &TokenRecord) -> TokenKind {
    let known = KINDS.into_iter().find(|kind| kind.as_str() == token.kind);
    known.unwrap_or(TokenKind::Access)
}

/// Adds seconds to a time. The bounds of both prevent an overflow.
fn add_seconds(time: Timestamp, seconds: u64) -> Timestamp {
    time + std::time::Duration::from_secs(seconds)
}

fn lifetime_of(start: Timestamp, end: Timestamp) -> u64 {
    let seconds = end.as_second().saturating_sub(start.as_second());
    u64::try_from(seconds)
        .unwrap_or(0)
        .clamp(1, MAX_TOKEN_SECONDS)
}

fn info(token: TokenRecord, now: Timestamp) -> TokenInfo {
    let active = token.is_active(now);
    let (scope, gateway) = match token.scope {
        StoredScope::Admin => (TokenScope::Admin, None),
        StoredScope::Read => (TokenScope::Read, None),
        StoredScope::Gateway(id) => (TokenScope::Gateway, Some(id)),
        StoredScope::Bootstrap { registered } => (TokenScope::Bootstrap, registered),
    };
    TokenInfo {
        id: token.id,
        name: token.name,
        kind: token.kind,
        scope,
        gateway,
        hint: token.hint,
        created_by: token.created_by,
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        last_used_at: token.last_used_at,
        active,
    }
}
