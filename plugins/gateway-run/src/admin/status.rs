//! The status that the control loop publishes for the administration API.

use crate::snapshot::Snapshot;
use crate::upstream::UpstreamHealth;
use jiff::Timestamp;
use kt_control_api::{ConfigSource, DesiredVersion};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The outcome of the last change of the configuration.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LastReload {
    /// `applied` or `rejected`.
    pub(crate) result: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) error: Option<String>,
}

/// The status of the control loop.
#[derive(Clone)]
pub(crate) struct ControlStatus {
    pub(crate) instance_id: String,
    pub(crate) gateway: Option<String>,
    pub(crate) listen: String,
    pub(crate) admin_listen: String,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) applied_at: Timestamp,
    pub(crate) source: ConfigSource,
    pub(crate) desired: Option<DesiredVersion>,
    pub(crate) last_reload: Option<LastReload>,
    pub(crate) connected: bool,
}

impl ControlStatus {
    /// Whether the active configuration is the desired one; always true without a
    /// control plane.
    fn in_sync(&self) -> bool {
        self.desired
            .as_ref()
            .is_none_or(|d| d.sha256.to_string() == self.snapshot.sha256)
    }

    /// Returns the body of `GET /status`.
    pub(crate) fn status(
        &self,
        ready: bool,
        live: bool,
        uptime: u64,
        in_flight: usize,
        served: usize,
        health: &UpstreamHealth,
    ) -> Value {
        let providers: Vec<Value> = self
            .snapshot
            .upstreams
            .iter()
            .map(|upstream| json!({ "id": upstream.id(), "state": health.state_of(upstream) }))
            .collect();
        json!({
            "schema": "kt.gateway.instance/1",
            "pid": std::process::id(),
            "instance_id": self.instance_id,
            "gateway": self.gateway,
            "version": env!("CARGO_PKG_VERSION"),
            "listen": self.listen,
            "admin_listen": self.admin_listen,
            "ready": ready,
            "live": live,
            "uptime_s": uptime,
            "in_flight": in_flight,
            "served": served,
            "config": {
                "desired": self.desired.as_ref().map(|d| json!({ "version": d.version, "sha256": d.sha256 })),
                "applied": {
                    "version": self.snapshot.version,
                    "sha256": self.snapshot.sha256,
                    "at": self.applied_at,
                },
                "source": self.source,
                "in_sync": self.in_sync(),
                "last_reload": self.last_reload,
            },
            "providers": providers,
            "control_plane_connected": self.connected,
        })
    }

    /// Returns the body of `GET /keeptrusts/config`: the active configuration. Its
    /// credentials are references, never values.
    pub(crate) fn config(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.snapshot.document.canonical()).unwrap_or_default();
        let mut value = json!({
            "version": self.snapshot.version,
            "sha256": self.snapshot.sha256,
            "source": self.source,
            "applied_at": self.applied_at,
        });
        if let (Some(to), Value::Object(from)) = (value.as_object_mut(), document) {
            to.extend(from);
        }
        value
    }
}
