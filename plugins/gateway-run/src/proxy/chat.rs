//! `POST /v1/chat/completions`.

use super::answer::ChatResponse;
use super::context::ProxyContext;
use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use super::{origin_check, prompt};
use crate::upstream::{UpstreamError, UpstreamResponse, ask};
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A client that takes longer for its body is cut off.
const BODY: Duration = Duration::from_secs(60);

/// No provider has a longer name for a model; it goes into logs and records.
const MAX_MODEL: usize = 256;

/// Reads, judges and passes on one request.
///
/// # Errors
/// The refusal to answer with.
pub(crate) async fn serve(
    request: Request<Incoming>,
    local: &ProxyContext,
    request_context: &mut RequestContext,
) -> Result<ChatResponse, ErrorResponse> {
    let (head, body) = request.into_parts();
    origin_check::check(&head.headers, local.state.settings.loopback)?;
    let mut value = read(body, request_context.snapshot.max_request_bytes).await?;
    request_context.model = model_of(&value)?;
    prompt::inspect(&mut value, request_context, local.state.settings.fail_open)?;
    let snapshot = Arc::clone(&request_context.snapshot);
    let (upstream, reply) = ask(
        &local.clients,
        &local.state.upstream_health,
        &snapshot,
        &value,
        &head.headers,
        &request_context.id,
    )
    .await
    .map_err(failed)?;
    request_context.provider.clone_from(&upstream.provider);
    request_context
        .label
        .clone_from(upstream.model.as_ref().unwrap_or(&upstream.id));
    if is_events(&reply) {
        return Ok(ChatResponse::Stream(reply));
    }
    ChatResponse::whole(reply, request_context).await
}

fn model_of(request: &Value) -> Result<String, ErrorResponse> {
    let model = request
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sane = model.len() <= MAX_MODEL && !model.chars().any(char::is_control);
    sane.then(|| model.to_owned())
        .ok_or_else(|| ErrorResponse::malformed("`model` is no name of a model"))
}

async fn read(body: Incoming, limit: usize) -> Result<Value, ErrorResponse> {
    let collected = timeout(BODY, Limited::new(body, limit).collect())
        .await
        .map_err(|_| ErrorResponse::malformed("the body took too long"))?;
    let bytes = collected
        .map_err(|e| {
            if e.downcast_ref::<LengthLimitError>().is_some() {
                ErrorResponse::too_large(limit)
            } else {
                ErrorResponse::malformed("the body broke off")
            }
        })?
        .to_bytes();
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| {
        ErrorResponse::malformed(format!(
            "the body is not JSON: line {}, column {}",
            e.line(),
            e.column()
        ))
    })?;
    match value.get("messages") {
        Some(Value::Array(messages)) if messages.iter().all(Value::is_object) => Ok(value),
        Some(_) => Err(ErrorResponse::malformed(
            "`messages` must be an array of objects",
        )),
        None => Err(ErrorResponse::malformed("`messages` is missing")),
    }
}

fn is_events(reply: &UpstreamResponse) -> bool {
    let kind = reply
        .headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    reply.status.is_success() && kind.starts_with("text/event-stream")
}

/// The address and credential of an upstream are nobody's business outside.
fn failed(failure: UpstreamError) -> ErrorResponse {
    match failure {
        UpstreamError::None => ErrorResponse::unavailable(
            "no_upstream",
            "no upstream can take requests; see the gateway's log",
        ),
        UpstreamError::Last {
            upstream,
            why,
            timed_out,
        } => ErrorResponse::upstream(
            format!("upstream `{upstream}` did not answer: {why}"),
            timed_out,
        ),
    }
}
