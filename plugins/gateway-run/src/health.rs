//! The health endpoints: Kubernetes-style probes, and the detailed document of
//! the compatible product.

use crate::snapshot::Snapshot;
use crate::state::GatewayState;
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Returns status and body for a health path.
pub(crate) fn health(path: &str, state: &GatewayState, snapshot: &Snapshot) -> (StatusCode, Value) {
    let ready = state.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    match path {
        "/livez" | "/healthz" => (StatusCode::OK, json!({ "status": "ok" })),
        "/readyz" => {
            // A halted gateway stays ready, so that callers get its refusals: behind a load balancer
            // they would get an error of that instead.
            let halt = state.halts.current();
            let text = match (ready, &halt) {
                (false, _) => "not ready",
                (true, Some(_)) => "halted",
                (true, None) => "ready",
            };
            let mut body = json!({ "status": text, "config_version": snapshot.version });
            if let Some(halt) = halt {
                body["halt"] = json!({ "reason": halt.reason, "until": halt.until });
            }
            (status, body)
        }
        _ => (status, detailed(ready, state, snapshot)),
    }
}

fn detailed(ready: bool, state: &GatewayState, snapshot: &Snapshot) -> Value {
    let available = snapshot
        .upstreams
        .iter()
        .filter(|u| u.is_available())
        .count();
    let halted = state.halts.current().is_some();
    let status = match (ready, available) {
        (false, _) | (_, 0) => "unhealthy",
        _ if halted => "halted",
        _ if available < snapshot.upstreams.len() => "degraded",
        _ => "healthy",
    };
    let provider = |available| {
        if available {
            "reachable"
        } else {
            "unreachable"
        }
    };
    let providers: Map<String, Value> = snapshot
        .upstreams
        .iter()
        .map(|u| (u.id().to_owned(), provider(u.is_available()).into()))
        .collect();
    json!({
        "status": status,
        "uptime_seconds": state.started.elapsed().as_secs(),
        "version": env!("CARGO_PKG_VERSION"),
        "providers": providers,
        "policies_loaded": snapshot.chain.kinds().len(),
        "requests_processed": state.served(),
    })
}
