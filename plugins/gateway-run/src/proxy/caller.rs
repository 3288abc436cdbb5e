//! The caller of a request, as the policy chain judges it.

use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use crate::snapshot::Snapshot;
use http::{HeaderMap, StatusCode};
use kt_policy::{Caller, CallerScope, Chain, Decision, Evaluation};
use std::net::IpAddr;
use std::sync::Arc;

/// The headers with which the clients of providers send their credential.
const CREDENTIALS: [&str; 3] = ["authorization", "x-api-key", "api-key"];

/// Judges the caller of a request, and records a refusal: no other phase follows.
///
/// # Errors
/// When a policy refuses it.
pub(super) fn enforce(
    peer: IpAddr,
    headers: &HeaderMap,
    context: &mut RequestContext,
) -> Result<(), ErrorResponse> {
    let snapshot = Arc::clone(&context.snapshot);
    let Some(evaluation) = evaluate(&snapshot, peer, headers) else {
        return Ok(());
    };
    let refused = refusal(&evaluation);
    if refused.is_err() {
        context.request_evaluated(&evaluation);
    }
    refused
}

/// Judges the caller of a request that no policy judges otherwise.
///
/// # Errors
/// When a policy refuses it.
pub(super) fn check(
    snapshot: &Snapshot,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<(), ErrorResponse> {
    evaluate(snapshot, peer, headers).map_or(Ok(()), |evaluation| refusal(&evaluation))
}

/// Judges a caller; `None` if no policy does.
fn evaluate(snapshot: &Snapshot, peer: IpAddr, headers: &HeaderMap) -> Option<Evaluation> {
    if !snapshot.chain.inspects_callers() {
        return None;
    }
    let values = headers.get_all("x-forwarded-for").iter();
    // What is not text is no address either, and keeps its place.
    let forwarded_for: Vec<&str> = values.map(|v| v.to_str().unwrap_or_default()).collect();
    Some(snapshot.chain.evaluate_caller(&Caller {
        peer,
        forwarded_for: &forwarded_for,
    }))
}

/// Returns the scope of a caller: of its credential, or of its address if it has none.
pub(super) fn scope(chain: &Chain, peer: IpAddr, headers: &HeaderMap) -> CallerScope {
    let credential = CREDENTIALS.iter().find_map(|name| headers.get(*name));
    match credential {
        Some(credential) => chain.caller_scope(credential.as_bytes()),
        None => chain.caller_scope(peer.to_string().as_bytes()),
    }
}

fn refusal(evaluation: &Evaluation) -> Result<(), ErrorResponse> {
    match &evaluation.decision {
        Decision::Block(block) => Err(ErrorResponse::blocked(block, StatusCode::FORBIDDEN)),
        Decision::Allow | Decision::Redact => Ok(()),
    }
}
