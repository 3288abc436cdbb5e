//! Builds responses.

use std::collections::BTreeMap;

use kt_control_api::{Etag, Gateway, Problem, ProblemCode, Response};
use serde::Serialize;

use super::reply::{HandlerResult, Reply, WakeTarget};

/// Replies with JSON.
pub(super) fn json<T: Serialize>(status: u16, body: &T) -> HandlerResult {
    Ok(Reply::complete(
        json_response(status, body),
        WakeTarget::None,
    ))
}

/// Replies to a change of a gateway with JSON.
pub(super) fn gateway_changed<T: Serialize>(
    status: u16,
    body: &T,
    gateway: &Gateway,
    replayed: bool,
) -> HandlerResult {
    let mut response = json_response(status, body);
    set_etag(&mut response, gateway);
    set_replayed(&mut response, replayed);
    Ok(Reply::complete(
        response,
        WakeTarget::Gateway(gateway.id.clone()),
    ))
}

/// Marks the response to a request that was already executed before.
pub(super) fn set_replayed(response: &mut Response, replayed: bool) {
    if replayed {
        let headers = &mut response.headers;
        headers.insert("idempotency-replayed".to_owned(), "true".to_owned());
    }
}

/// Sets the `ETag` to the revision of the gateway.
pub(super) fn set_etag(response: &mut Response, gateway: &Gateway) {
    response
        .headers
        .insert("etag".to_owned(), Etag(gateway.rev).to_string());
}

/// Returns a response with a JSON body.
pub(super) fn json_response<T: Serialize>(status: u16, body: &T) -> Response {
    let body = serde_json::to_string(body).expect("the wire types have only string keys");
    with_body(status, "application/json", body)
}

/// Returns a response with a body of a media type.
pub(super) fn with_body(status: u16, media_type: &str, body: String) -> Response {
    Response {
        status,
        headers: BTreeMap::from([("content-type".to_owned(), media_type.to_owned())]),
        body: Some(body),
    }
}

/// Returns a response without a body.
pub(super) fn empty(status: u16) -> Response {
    Response {
        status,
        headers: BTreeMap::new(),
        body: None,
    }
}

/// Sets the id of the request.
pub(super) fn with_request_id(mut response: Response, id: &str) -> Response {
    response
        .headers
        .insert("x-request-id".to_owned(), id.to_owned());
    response
}

/// Returns the response that carries a problem document.
#[must_use]
pub fn problem_response(mut problem: Problem, request_id: &str) -> Response {
    problem.instance = Some(request_id.to_owned());
    let mut response = json_response(problem.status, &problem);
    response
        .headers
        .insert("content-type".to_owned(), Problem::MEDIA_TYPE.to_owned());
    if matches!(
        problem.code,
        ProblemCode::StorageBusy | ProblemCode::RateLimited | ProblemCode::Draining
    ) {
        let seconds = problem.retry_after.unwrap_or(1).to_string();
        response.headers.insert("retry-after".to_owned(), seconds);
    }
    response
}

/// Logs an error of the server, and returns the response that reports it.
pub(super) fn error_response(problem: Problem, id: &str) -> Response {
    if problem.code.class() == ProblemCode::Internal.class()
        || problem.code == ProblemCode::StorageFailed
    {
        tracing::error!(request_id = id, code = %problem.code, detail = problem.detail, "request failed");
    }
    with_request_id(problem_response(problem, id), id)
}

/// Returns the response to a request for a stream that did not come over HTTP. The plugin
/// interface and the client of the local socket carry whole responses only.
#[must_use]
pub fn streaming_unsupported() -> Response {
    let detail = "streams are available over HTTP only; use pages, or a long poll of `desired`";
    problem_response(Problem::new(ProblemCode::NeedsServer, detail), "")
}
