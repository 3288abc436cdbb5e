//! The metrics endpoint.

use kt_control_api::ProblemCode;

use super::error::api_error;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::with_body;
use super::service::Api;
use crate::metrics::FleetCounts;

/// The format of `OpenMetrics` 1.0, which Prometheus prefers.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Api {
    pub(super) fn scrape(&self) -> HandlerResult {
        let Some(metrics) = self.metrics() else {
            let detail = "metrics are available from a server only";
            return Err(api_error(ProblemCode::NeedsServer, detail));
        };
        let text = metrics.render(|| {
            let counts = FleetCounts::read(self.store(), self.now());
            counts.inspect_err(|error| tracing::warn!(%error, "cannot count the gateways"))
        });
        Ok(Reply::complete(
            with_body(200, MEDIA_TYPE, text),
            WakeTarget::None,
        ))
    }
}
