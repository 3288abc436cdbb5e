//! `POST /v1/chat/completions`.

use super::answer::Answer;
use super::refuse::Refusal;
use super::trace::Trace;
use super::{guard, prompt};
use crate::upstream::{Failure, Reply, ask};
use crate::worker::Local;
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
    local: &Local,
    trace: &mut Trace,
) -> Result<Answer, Refusal> {
    let (head, body) = request.into_parts();
    guard::check(&head.headers, local.shared.rules.loopback)?;
    let mut value = read(body, trace.snapshot.max_body).await?;
    trace.model = model_of(&value)?;
    prompt::inspect(&mut value, trace, local.shared.rules.fail_open)?;
    let snapshot = Arc::clone(&trace.snapshot);
    let (upstream, reply) = ask(local, &snapshot, &value, &head.headers, &trace.id)
        .await
        .map_err(failed)?;
    trace.provider.clone_from(&upstream.provider);
    trace
        .label
        .clone_from(upstream.model.as_ref().unwrap_or(&upstream.id));
    if is_events(&reply) {
        return Ok(Answer::Stream(reply));
    }
    Answer::whole(reply, trace).await
}

fn model_of(request: &Value) -> Result<String, Refusal> {
    let model = request
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sane = model.len() <= MAX_MODEL && !model.chars().any(char::is_control);
    sane.then(|| model.to_owned())
        .ok_or_else(|| Refusal::malformed("`model` is no name of a model"))
}

async fn read(body: Incoming, limit: usize) -> Result<Value, Refusal> {
    let collected = timeout(BODY, Limited::new(body, limit).collect())
        .await
        .map_err(|_| Refusal::malformed("the body took too long"))?;
    let bytes = collected
        .map_err(|e| {
            if e.downcast_ref::<LengthLimitError>().is_some() {
                Refusal::too_large(limit)
            } else {
                Refusal::malformed("the body broke off")
            }
        })?
        .to_bytes();
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| {
        Refusal::malformed(format!(
            "the body is not JSON: line {}, column {}",
            e.line(),
            e.column()
        ))
    })?;
    match value.get("messages") {
        Some(Value::Array(messages)) if messages.iter().all(Value::is_object) => Ok(value),
        Some(_) => Err(Refusal::malformed("`messages` must be an array of objects")),
        None => Err(Refusal::malformed("`messages` is missing")),
    }
}

fn is_events(reply: &Reply) -> bool {
    let kind = reply
        .headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    reply.status.is_success() && kind.starts_with("text/event-stream")
}

/// The address and credential of an upstream are nobody's business outside.
fn failed(failure: Failure) -> Refusal {
    match failure {
        Failure::None => Refusal::unavailable(
            "no_upstream",
            "no upstream can take requests; see the gateway's log",
        ),
        Failure::Last {
            upstream,
            why,
            timed_out,
        } => Refusal::upstream(
            format!("upstream `{upstream}` did not answer: {why}"),
            timed_out,
        ),
    }
}
