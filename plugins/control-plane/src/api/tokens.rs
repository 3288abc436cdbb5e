//! Tokens: made, listed, revoked, replaced.

use kt_control_api::{
    CreateTokenRequest, IssuedToken, MAX_BOOTSTRAP_SECONDS, MAX_GRACE_SECONDS, MAX_TOKEN_SECONDS,
    ProblemCode, ProblemItem, Response, RotateTokenRequest, Timestamp, Token, TokenId, TokenInfo,
    TokenKind, TokenScope, validate_name,
};

use super::gateways::page;
use super::refusal::{Refusal, invalid, out_of_bounds, refuse};
use super::respond::{Outcome, Touched, done, json, json_of, mark};
use super::service::Call;
use super::{Api, input};
use crate::store::{
    GatewayRef, NewToken, StoreError, StoredScope, TokenFilter, TokenReceipt, TokenRecord,
};

/// The kinds that can be filtered by.
const KINDS: [TokenKind; 3] = [TokenKind::Access, TokenKind::Gateway, TokenKind::Bootstrap];

impl Api {
    pub(super) fn list_tokens(&self, call: &Call<'_>) -> Outcome {
        let request = call.request;
        let limit = input::bounded(request, "limit", 50, 1, 200)? as usize;
        let now = self.now();
        let gateway = request
            .query
            .get("gateway")
            .map(|text| GatewayRef::parse(text));
        let kind = request.query.get("type");
        if kind.is_some_and(|word| KINDS.iter().all(|kind| kind.as_str() != word)) {
            return Err(refuse(
                ProblemCode::MalformedRequest,
                "`type` is no kind of token",
            ));
        }
        let filter = TokenFilter {
            after: input::query::<TokenId>(request, "cursor")?,
            active: input::query(request, "active")?.map(|active| (active, now)),
            kind: kind.cloned(),
            // Also that of a deleted one: its tokens are still to be looked at.
            gateway: match gateway {
                Some(GatewayRef::Id(id)) => Some(id),
                Some(key @ GatewayRef::Name(_)) => Some(self.find(&key)?.gateway.id),
                None => None,
            },
            limit: limit + 1,
        };
        let found = self.explained(self.store().tokens(&filter))?;
        let items = found.into_iter().map(|token| info(token, now)).collect();
        json(
            200,
            &page(items, limit, |token: &TokenInfo| token.id.to_string()),
        )
    }

    pub(super) fn inspect_token(&self, id: &str) -> Outcome {
        let found = self.explained(self.store().token_by_id(&token_id(id)?))?;
        json(200, &info(found, self.now()))
    }

    pub(super) fn create_token(&self, call: &Call<'_>) -> Outcome {
        let body: CreateTokenRequest = input::body(call.request)?;
        check(&body)?;
        let scope = match (body.scope, &body.gateway) {
            (TokenScope::Admin, _) => StoredScope::Admin,
            (TokenScope::Bootstrap, _) => StoredScope::Bootstrap { registered: None },
            (TokenScope::Gateway, Some(gateway)) => {
                StoredScope::Gateway(self.find(&GatewayRef::parse(gateway))?.gateway.id)
            }
            _ => StoredScope::Read,
        };
        let kind = kind_for(body.scope);
        let token = Token::random(kind);
        let ends = (kind == TokenKind::Bootstrap).then_some(MAX_BOOTSTRAP_SECONDS);
        let seconds = body.expires_in_seconds.or(ends);
        let new = NewToken {
            expires_at: seconds.map(|s| later(self.now(), s)),
            ..NewToken::of(&token, scope, &body.name)
        };
        let receipt = self.store().create_token(&self.change(call)?, &new);
        self.issued(receipt, token)
    }

    pub(super) fn revoke_token(&self, call: &Call<'_>, id: &str) -> Outcome {
        let id = token_id(id)?;
        self.explained(self.store().revoke_token(&self.change(call)?, &id))?;
        let token = self.explained(self.store().token_by_id(&id))?;
        // Whoever waits with it must be told at once that it is of no use any more.
        let response = json_of(200, &info(token, self.now()));
        Ok(done(response, Touched::Everybody))
    }

    pub(super) fn rotate_token(&self, call: &Call<'_>, id: &str) -> Outcome {
        let id = token_id(id)?;
        let body: RotateTokenRequest = input::body(call.request)?;
        let mut errors = Vec::new();
        if body.grace_seconds > MAX_GRACE_SECONDS {
            let message = format!("a grace lasts at most {MAX_GRACE_SECONDS} seconds");
            errors.push(ProblemItem::at("/grace_seconds", "out-of-bounds", message));
        }
        // What a token allows never changes, so it may be read before.
        let old = self.explained(self.store().token_by_id(&id))?;
        errors.extend(lifetime(body.expires_in_seconds, longest(kind_of(&old))));
        if !errors.is_empty() {
            return Err(invalid(errors));
        }
        let now = self.now();
        let token = Token::random(kind_of(&old));
        let new = NewToken {
            expires_at: match body.expires_in_seconds {
                Some(seconds) => Some(later(now, seconds)),
                None => old
                    .expires_at
                    .map(|end| later(now, seconds_between(old.created_at, end))),
            },
            ..NewToken::of(&token, old.scope, &old.name)
        };
        let until = later(now, body.grace_seconds);
        let change = self.change(call)?;
        let receipt = self.store().rotate_token(&change, &id, &new, until);
        self.issued(receipt, token)
    }

    fn issued(&self, receipt: Result<TokenReceipt, StoreError>, token: Token) -> Outcome {
        let receipt = self.explained(receipt)?;
        let record = self.explained(self.store().token_by_id(&receipt.token))?;
        let location = format!("/v1/tokens/{}", record.id);
        let issued = IssuedToken {
            info: info(record, self.now()),
            // A repeated request made no token, and the one made before is not kept in clear.
            token: Some(token).filter(|_| !receipt.replayed),
        };
        let mut response = json_of(201, &issued);
        private(&mut response, location);
        mark(&mut response, receipt.replayed);
        Ok(done(response, Touched::Everybody))
    }
}

/// Says where the token is described, and that the answer must be kept by nobody on the way.
fn private(response: &mut Response, location: String) {
    let headers = &mut response.headers;
    headers.insert("location".to_owned(), location);
    headers.insert("cache-control".to_owned(), "no-store".to_owned());
}

fn check(body: &CreateTokenRequest) -> Result<(), Refusal> {
    let mut errors: Vec<ProblemItem> = Vec::new();
    if let Err(error) = validate_name(&body.name) {
        errors.push(out_of_bounds("/name", &error));
    }
    let mut wrong = |pointer: &str, message: &str| {
        errors.push(ProblemItem::at(pointer, "bad-scope", message));
    };
    match (body.scope, &body.gateway) {
        (TokenScope::Unknown, _) => {
            wrong(
                "/scope",
                "a scope is `admin`, `read`, `gateway` or `bootstrap`",
            );
        }
        (TokenScope::Gateway, None) => wrong("/gateway", "the scope `gateway` needs a gateway"),
        (TokenScope::Admin | TokenScope::Read | TokenScope::Bootstrap, Some(_)) => {
            wrong("/gateway", "only the scope `gateway` has a gateway");
        }
        _ => {}
    }
    let longest = longest(kind_for(body.scope));
    errors.extend(lifetime(body.expires_in_seconds, longest));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(invalid(errors))
    }
}

fn kind_for(scope: TokenScope) -> TokenKind {
    match scope {
        TokenScope::Gateway => TokenKind::Gateway,
        TokenScope::Bootstrap => TokenKind::Bootstrap,
        TokenScope::Admin | TokenScope::Read | TokenScope::Unknown => TokenKind::Access,
    }
}

/// Seconds that a token may live.
fn longest(kind: TokenKind) -> u64 {
    match kind {
        TokenKind::Bootstrap => MAX_BOOTSTRAP_SECONDS,
        TokenKind::Access | TokenKind::Gateway => MAX_TOKEN_SECONDS,
    }
}

fn lifetime(seconds: Option<u64>, longest: u64) -> Option<ProblemItem> {
    if seconds.is_none_or(|s| (1..=longest).contains(&s)) {
        return None;
    }
    let message = format!("a token of this kind lives between 1 and {longest} seconds");
    Some(ProblemItem::at(
        "/expires_in_seconds",
        "out-of-bounds",
        message,
    ))
}

fn token_id(text: &str) -> Result<TokenId, Refusal> {
    text.parse()
        .map_err(|_| refuse(ProblemCode::NotFound, "there is no such token"))
}

fn kind_of(token: &TokenRecord) -> TokenKind {
    let known = KINDS.into_iter().find(|kind| kind.as_str() == token.kind);
    known.unwrap_or(TokenKind::Access)
}

/// `seconds` after `time`; the bounds on both keep it far from the end of time.
fn later(time: Timestamp, seconds: u64) -> Timestamp {
    time + std::time::Duration::from_secs(seconds)
}

fn seconds_between(start: Timestamp, end: Timestamp) -> u64 {
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
