//! Who is calling.

use std::net::IpAddr;

use http::uri::Authority;
use hyper::HeaderMap;
use kt_control_api::{GatewayId, Problem, ProblemCode, Token, TokenHash};

use crate::api::{Api, Principal, is_near, is_open};
use crate::store::{StoredScope, TokenRecord};

/// Through which listener a caller came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Door {
    /// TCP, from an address: a token says who it is.
    Plain(IpAddr),
    /// The same inside of TLS.
    Tls(IpAddr),
    /// The socket: the kernel says which user it is.
    Local(u32),
}

/// What a caller showed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credential {
    /// A user of this machine.
    User(u32),
    /// The hash of a well-formed token.
    Token(TokenHash),
    /// Nothing, on a path that needs nothing.
    None,
}

/// Reads what the caller shows, without any look into the store: garbage must stay cheap.
pub(super) fn credential(
    door: Door,
    path: &str,
    headers: &HeaderMap,
) -> Result<Credential, Box<Problem>> {
    match door {
        Door::Local(uid) => {
            let me = rustix::process::geteuid().as_raw();
            if uid == me || uid == 0 {
                return Ok(Credential::User(uid));
            }
            let detail = format!("user {uid} may not use the control plane of user {me}");
            Err(Box::new(Problem::new(
                ProblemCode::InsufficientScope,
                detail,
            )))
        }
        Door::Plain(_) | Door::Tls(_) if is_open(path) => Ok(Credential::None),
        Door::Plain(_) if is_near(path) && names_loopback(headers) => Ok(Credential::None),
        Door::Plain(_) | Door::Tls(_) => {
            bearer(headers).map(|token| Credential::Token(token.hash()))
        }
    }
}

/// Finds out who it is.
pub(super) fn principal(api: &Api, credential: Credential) -> Result<Principal, Box<Problem>> {
    match credential {
        Credential::User(uid) => Ok(Principal::local_user(uid)),
        Credential::None => Ok(Principal::nobody()),
        Credential::Token(hash) => {
            let record = api
                .store()
                .token(&hash)
                .map_err(|error| Problem::new(ProblemCode::StorageFailed, error.to_string()))?;
            holder(api, record)
        }
    }
}

/// Passes the holder of a token that is accepted now.
pub(super) fn holder(api: &Api, record: Option<TokenRecord>) -> Result<Principal, Box<Problem>> {
    let used = record.as_ref().and_then(used_for);
    record
        .and_then(|record| Principal::of_token(record, api.now()))
        .ok_or_else(|| match used {
            // Its holder may have missed the answer.
            Some(gateway) => unauthenticated(&format!(
                "the bootstrap token was used to register gateway {gateway}; ask an administrator \
                 for a token of that gateway"
            )),
            None => unauthenticated("the token is unknown, revoked or expired"),
        })
}

/// The gateway that a bootstrap token has registered.
fn used_for(record: &TokenRecord) -> Option<GatewayId> {
    match &record.scope {
        StoredScope::Bootstrap { registered } => registered.clone(),
        _ => None,
    }
}

/// Whether the caller knows the server by a name that only this machine has.
///
/// Whoever comes through a proxy on this machine names that, and a web page whose name was made to
/// lead here (DNS rebinding) names itself.
fn names_loopback(headers: &HeaderMap) -> bool {
    let name = headers.get("host").and_then(|host| host.to_str().ok());
    let authority = name.and_then(|name| name.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
    })
}

fn bearer(headers: &HeaderMap) -> Result<Token, Box<Problem>> {
    let header = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| unauthenticated("send `Authorization: Bearer` with a kt token"))?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated(
            "send `Authorization: Bearer` with a kt token",
        ));
    }
    token
        .trim()
        .parse()
        .map_err(|error: kt_control_api::TokenError| unauthenticated(&error.to_string()))
}

fn unauthenticated(detail: &str) -> Box<Problem> {
    Box::new(Problem::new(ProblemCode::Unauthenticated, detail))
}
