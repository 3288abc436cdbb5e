//! What a server measures of itself.

use std::collections::BTreeMap;

use kt_control_api::{ProblemCode, Response};

use super::Api;
use super::refusal::refuse;
use super::respond::{Outcome, Touched, done};
use crate::metrics::Fleet;

/// The format of `OpenMetrics` 1.0, which Prometheus asks for first.
pub(super) const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Api {
    pub(super) fn scrape(&self) -> Outcome {
        let Some(metrics) = self.metrics() else {
            let detail = "a command measures nothing; ask a server";
            return Err(refuse(ProblemCode::NeedsServer, detail));
        };
        let text = metrics.render(|| {
            let counted = Fleet::count(self.store(), self.now());
            counted.inspect_err(|error| tracing::warn!(%error, "gateways cannot be counted"))
        });
        let response = Response {
            status: 200,
            headers: BTreeMap::from([("content-type".to_owned(), FORMAT.to_owned())]),
            body: Some(text),
        };
        Ok(done(response, Touched::Nobody))
    }
}
