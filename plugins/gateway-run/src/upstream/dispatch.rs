//! Sending a request to upstreams in turn, until one responds.

use super::connection_pool::ConnectionPool;
use super::health::UpstreamHealth;
use super::response::UpstreamResponse;
use super::send::{OutboundRequest, SendError, send};
use crate::snapshot::{Snapshot, Upstream};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use kt_policy::Trigger;
use kt_policy::defaults::{FALLBACK_ATTEMPTS, FALLBACK_TRIGGERS};
use std::time::Duration;
use std::time::Instant;

/// The longest `Retry-After` that is obeyed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// The result of a dispatch.
pub(crate) struct Dispatch<'s> {
    /// The number of upstreams that were tried.
    pub(crate) attempts: u32,
    /// The last of them.
    pub(crate) upstream: Option<&'s Upstream>,
    pub(crate) outcome: Outcome,
}

/// What became of a request.
pub(crate) enum Outcome {
    Response(Box<UpstreamResponse>),
    /// The last upstream did not respond.
    Failed(SendError),
    /// No upstream is available.
    Unavailable,
}

/// Sends a request to the upstreams of a route, in the order of the strategy, until
/// one responds.
pub(crate) async fn dispatch<'s>(
    pool: &ConnectionPool,
    health: &UpstreamHealth,
    snapshot: &'s Snapshot,
    route: Vec<&'s Upstream>,
    request: &OutboundRequest<'_>,
) -> Dispatch<'s> {
    let fallbacks = snapshot.fallback.max_fallback_attempts;
    let limit = 1 + fallbacks.unwrap_or(FALLBACK_ATTEMPTS);
    let mut order = health.order(route, snapshot.strategy);
    order.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut result = Dispatch {
        attempts: 0,
        upstream: None,
        outcome: Outcome::Unavailable,
    };
    let count = order.len();
    for (n, upstream) in order.into_iter().enumerate() {
        result.attempts += 1;
        result.upstream = Some(upstream);
        let is_last = n + 1 == count;
        let started = Instant::now();
        let sent = send(pool, upstream, request, started).await;
        let trigger = match &sent {
            Ok(response) => trigger_of(response.status),
            Err(error) => Some(error.trigger),
        };
        match trigger {
            None => health.succeeded(upstream.id(), started.elapsed()),
            Some(_) => {
                let headers = sent.as_ref().ok().map(|response| &response.headers);
                let retry_after = headers.and_then(retry_after);
                health.failed(upstream.id(), &snapshot.breaker, retry_after);
            }
        }
        log_failure(upstream, &request.id.text, &sent, trigger);
        result.outcome = match sent {
            Ok(response) => Outcome::Response(Box::new(response)),
            Err(error) => Outcome::Failed(error),
        };
        match trigger {
            Some(trigger) if !is_last && falls_back(snapshot, trigger) => {}
            _ => break,
        }
    }
    result
}

fn log_failure(
    upstream: &Upstream,
    request_id: &str,
    sent: &Result<UpstreamResponse, SendError>,
    trigger: Option<Trigger>,
) {
    let upstream = upstream.id();
    match sent {
        Ok(response) if trigger.is_some() => {
            tracing::warn!(
                upstream,
                request_id,
                "the upstream returned {}",
                response.status
            );
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(upstream, request_id, "no response: {}", error.message);
        }
    }
}

fn trigger_of(status: StatusCode) -> Option<Trigger> {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(Trigger::RateLimit),
        s if s.is_server_error() => Some(Trigger::ServerError),
        _ => None,
    }
}

fn falls_back(snapshot: &Snapshot, trigger: Trigger) -> bool {
    let triggers = snapshot.fallback.triggers.as_deref();
    triggers.unwrap_or(&FALLBACK_TRIGGERS).contains(&trigger)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}
