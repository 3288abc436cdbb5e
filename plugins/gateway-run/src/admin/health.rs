//! Health, in both dialects of the compatible product.

use crate::snapshot::Snapshot;
use crate::worker::Shared;
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Answers a health path.
pub(crate) fn health(path: &str, shared: &Shared, snapshot: &Snapshot) -> (StatusCode, Value) {
    let ready = shared.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    match path {
        "/livez" | "/healthz" => (StatusCode::OK, json!({ "status": "ok" })),
        "/readyz" => {
            let word = if ready { "ready" } else { "not ready" };
            (
                status,
                json!({ "status": word, "config_version": snapshot.version }),
            )
        }
        _ => (status, detailed(ready, shared, snapshot)),
    }
}

fn detailed(ready: bool, shared: &Shared, snapshot: &Snapshot) -> Value {
    let usable = snapshot.upstreams.iter().filter(|u| u.usable()).count();
    let word = match (ready, usable) {
        (false, _) | (_, 0) => "unhealthy",
        _ if usable < snapshot.upstreams.len() => "degraded",
        _ => "healthy",
    };
    let providers: Map<String, Value> = snapshot
        .upstreams
        .iter()
        .map(|u| {
            (
                u.id.clone(),
                if u.usable() {
                    "reachable"
                } else {
                    "unreachable"
                }
                .into(),
            )
        })
        .collect();
    json!({
        "status": word,
        "uptime_seconds": shared.started.elapsed().as_secs(),
        "version": env!("CARGO_PKG_VERSION"),
        "providers": providers,
        "policies_loaded": snapshot.chain.kinds().len(),
        "requests_processed": shared.served(),
    })
}
