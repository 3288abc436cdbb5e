//! Authentication of callers.

use std::net::IpAddr;

use http::uri::Authority;
use hyper::HeaderMap;
use kt_control_api::{GatewayId, Problem, ProblemCode, Token, TokenHash};

use super::peer::PeerOrigin;
use crate::api::{Api, ApiError, Principal, is_loopback_public, is_public};
use crate::store::{StoredScope, TokenRecord};

/// The credential of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credential {
    /// A user of this machine.
    User(u32),
    /// The hash of a well-formed token.
    Token(TokenHash),
    /// None, on a path that requires none.
    None,
}

/// Reads the credential of a request. Does not read the store, so that malformed tokens stay cheap.
pub(super) fn credential(
    origin: PeerOrigin,
    path: &str,
    headers: &HeaderMap,
) -> Result<Credential, ApiError> {
    match origin {
        PeerOrigin::Unix(uid) => {
            let server_uid = rustix::process::geteuid().as_raw();
            if uid == server_uid || uid == 0 {
                return Ok(Credential::User(uid));
            }
            let detail = format!("user {uid} may not use the control plane of user {server_uid}");
            Err(Box::new(Problem::new(
                ProblemCode::InsufficientScope,
                detail,
            )))
        }
        PeerOrigin::Tcp(_) | PeerOrigin::Tls(_) if is_public(path) => Ok(Credential::None),
        PeerOrigin::Tcp(_) if is_loopback_public(path) && has_loopback_host(headers) => {
            Ok(Credential::None)
        }
        PeerOrigin::Tcp(_) | PeerOrigin::Tls(_) => {
            bearer_token(headers).map(|token| Credential::Token(token.hash()))
        }
    }
}

/// Returns the caller with a credential.
pub(super) fn authenticate(api: &Api, credential: Credential) -> Result<Principal, ApiError> {
    match credential {
        Credential::User(uid) => Ok(Principal::local_user(uid)),
        Credential::None => Ok(Principal::anonymous()),
        Credential::Token(hash) => {
            let record = api
                .store()
                .token(&hash)
                .map_err(|error| Problem::new(ProblemCode::StorageFailed, error.to_string()))?;
            token_holder(api, record)
        }
    }
}

/// Returns the holder of a token that is active now.
pub(super) fn token_holder(api: &Api, record: Option<TokenRecord>) -> Result<Principal, ApiError> {
    let registered = record.as_ref().and_then(registered_gateway);
    record
        .and_then(|record| Principal::from_token(record, api.now()))
        .ok_or_else(|| match registered {
            // The holder may have missed the response to the registration.
            Some(gateway) => unauthenticated(&format!(
                "the bootstrap token was used to register gateway {gateway}; ask an administrator \
                 for a token of that gateway"
            )),
            None => unauthenticated("the token is unknown, revoked or expired"),
        })
}

/// Returns the gateway that a bootstrap token has registered.
fn registered_gateway(record: &TokenRecord) -> Option<GatewayId> {
    match &record.scope {
        StoredScope::Bootstrap { registered } => registered.clone(),
        _ => None,
    }
}

/// Returns whether the `Host` of a request is a loopback address or `localhost`.
///
/// A client of a proxy on this machine sends the name of the proxy, and a web page that uses DNS
/// rebinding sends its own name.
fn has_loopback_host(headers: &HeaderMap) -> bool {
    let name = headers.get("host").and_then(|host| host.to_str().ok());
    let authority = name.and_then(|name| name.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
    })
}

fn bearer_token(headers: &HeaderMap) -> Result<Token, ApiError> {
    let missing = || unauthenticated("send `Authorization: Bearer` with a kt token");
    let header = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .ok_or_else(missing)?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    token
        .trim()
        .parse()
        .map_err(|error: kt_control_api::TokenError| unauthenticated(&error.to_string()))
}

fn unauthenticated(detail: &str) -> ApiError {
    Box::new(Problem::new(ProblemCode::Unauthenticated, detail))
}
