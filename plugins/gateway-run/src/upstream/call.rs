//! One request to upstreams, with fallback before the first byte.

use super::clients::Clients;
use super::echo;
use super::health::UpstreamHealth;
use super::reply::{UpstreamBody, UpstreamResponse};
use crate::snapshot::{Credential, Snapshot, Upstream};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use kt_policy::Trigger;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Attempts beyond the first, when the document says nothing.
const FALLBACKS: u64 = 2;
/// Headers of the caller that an upstream is told.
const PASSED: [&str; 4] = [
    "traceparent",
    "tracestate",
    "openai-organization",
    "openai-project",
];
/// A longer pause than this is not believed.
const MAX_RETRY_AFTER: u64 = 300;

/// Why no upstream answered.
pub(crate) enum UpstreamError {
    /// There is none that can take requests.
    None,
    /// The last one that was tried failed.
    Last {
        upstream: String,
        why: String,
        timed_out: bool,
    },
}

/// Asks upstreams in order until one answers, and says which.
///
/// # Errors
/// When none answered.
pub(crate) async fn ask<'s>(
    clients: &Clients,
    board: &UpstreamHealth,
    snapshot: &'s Snapshot,
    request: &Value,
    headers: &HeaderMap,
    request_id: &str,
) -> Result<(&'s Upstream, UpstreamResponse), UpstreamError> {
    let most = 1 + snapshot.fallback.max_fallback_attempts.unwrap_or(FALLBACKS);
    let order = board.order(snapshot);
    let count = order.len().min(usize::try_from(most).unwrap_or(usize::MAX));
    let mut last = UpstreamError::None;
    for (n, upstream) in order.into_iter().take(count).enumerate() {
        let begun = Instant::now();
        let (failure, trigger, pause) =
            match one(clients, upstream, request, headers, request_id).await {
                Ok(reply) => match trigger_of(reply.status) {
                    Some(trigger) if n + 1 < count && falls_back(snapshot, trigger) => {
                        let why = format!("it answered {}", reply.status);
                        (why, trigger, retry_after(&reply.headers))
                    }
                    trigger => {
                        match trigger {
                            Some(_) => board.failed(
                                &upstream.id,
                                &snapshot.breaker,
                                retry_after(&reply.headers),
                            ),
                            None => board.answered(&upstream.id, begun.elapsed()),
                        }
                        return Ok((upstream, reply));
                    }
                },
                Err((why, trigger)) => (why, trigger, None),
            };
        tracing::warn!(upstream = %upstream.id, request_id, "no answer: {failure}");
        board.failed(&upstream.id, &snapshot.breaker, pause);
        let timed_out = trigger == Trigger::Timeout;
        last = UpstreamError::Last {
            upstream: upstream.id.clone(),
            why: failure,
            timed_out,
        };
        if !falls_back(snapshot, trigger) {
            break;
        }
    }
    Err(last)
}

fn trigger_of(status: StatusCode) -> Option<Trigger> {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(Trigger::RateLimit),
        s if s.is_server_error() => Some(Trigger::ServerError),
        _ => None,
    }
}

fn falls_back(snapshot: &Snapshot, trigger: Trigger) -> bool {
    snapshot
        .fallback
        .triggers
        .as_ref()
        .is_none_or(|all| all.contains(&trigger))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER)))
}

async fn one(
    clients: &Clients,
    upstream: &Upstream,
    request: &Value,
    headers: &HeaderMap,
    request_id: &str,
) -> Result<UpstreamResponse, (String, Trigger)> {
    let Some(uri) = &upstream.chat_uri else {
        return Ok(echo::answer(request, request_id));
    };
    let body = body_for(upstream, request);
    let mut builder = Request::builder().method(Method::POST).uri(uri.clone());
    if let Some(map) = builder.headers_mut() {
        fill(map, upstream, headers, request_id);
    }
    let built = builder.body(Full::new(Bytes::from(body))).map_err(|e| {
        (
            format!("the request cannot be made: {e}"),
            Trigger::ServerError,
        )
    })?;
    let sent = clients.get(upstream.connect_timeout).request(built);
    let answered = timeout(upstream.first_byte_timeout, sent).await;
    let response = match answered {
        Err(_) => {
            return Err((
                format!("nothing within {:?}", upstream.first_byte_timeout),
                Trigger::Timeout,
            ));
        }
        Ok(Err(e)) => return Err((root_cause(&e), Trigger::ServerError)),
        Ok(Ok(response)) => response,
    };
    let (parts, body) = response.into_parts();
    let until = Instant::now() + upstream.total_timeout;
    let body = UpstreamBody::Incoming {
        body,
        idle: upstream.idle_timeout,
        until,
    };
    Ok(UpstreamResponse {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn body_for(upstream: &Upstream, request: &Value) -> String {
    let Some(model) = &upstream.model else {
        return request.to_string();
    };
    let mut own = request.clone();
    if let Some(map) = own.as_object_mut() {
        map.insert("model".to_owned(), model.as_str().into());
    }
    own.to_string()
}

/// The caller's own credential is for the gateway and goes no further.
fn fill(to: &mut HeaderMap, upstream: &Upstream, from: &HeaderMap, request_id: &str) {
    to.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    to.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, text/event-stream"),
    );
    if let Ok(id) = HeaderValue::from_str(request_id) {
        to.insert("x-request-id", id);
    }
    for name in PASSED {
        if let Some(value) = from.get(name) {
            to.insert(name, value.clone());
        }
    }
    if let Credential::Header(name, value) = &upstream.credential {
        to.insert(name.clone(), value.clone());
    }
}
