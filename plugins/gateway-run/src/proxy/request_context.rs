//! What is known of a request while it is served, and what is written down of
//! it at the end.

use super::context::ProxyContext;
use crate::audit::AuditEntry;
use crate::snapshot::Snapshot;
use crate::state::GatewayState;
use http::HeaderMap;
use kt_policy::{AuditRecord, Evaluation};
use std::sync::Arc;
use std::time::Instant;

/// One request.
pub(crate) struct RequestContext {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) provider: String,
    /// The upstream's model, or its id: labels of metrics must not be what
    /// callers make up.
    pub(crate) label: String,
    pub(crate) snapshot: Arc<Snapshot>,
    shared: Arc<GatewayState>,
    begun: Instant,
}

impl RequestContext {
    pub(crate) fn new(local: &ProxyContext, headers: &HeaderMap) -> Self {
        Self {
            id: request_id(headers),
            model: String::new(),
            provider: "none".to_owned(),
            label: String::new(),
            snapshot: local.snapshot(),
            shared: Arc::clone(&local.state),
            begun: Instant::now(),
        }
    }

    /// Counts a verdict, and hands its record to the audit.
    pub(crate) fn judged(&self, verdict: &Evaluation, phase: &'static str) {
        let chain = &self.snapshot.chain;
        for kind in chain.kinds() {
            let result = verdict.result_of(*kind);
            self.shared.metrics.evaluation(kind.as_str(), result);
        }
        if let Some(record) = chain.audit_record(verdict) {
            self.write(record, phase);
        }
    }

    fn write(&self, decision: AuditRecord, phase: &'static str) {
        self.shared.audit.write(AuditEntry {
            request_id: self.id.clone(),
            model: self.model.clone(),
            config_version: self.snapshot.version,
            phase,
            decision,
        });
    }

    pub(crate) fn tokens(&self, input: u64, output: u64) {
        self.shared.metrics.tokens(&self.label, input, output);
    }

    /// Writes down how the request ended.
    pub(crate) fn end(&self, status: u16) {
        let took = self.begun.elapsed();
        self.shared
            .metrics
            .request(&self.provider, &self.label, status, took);
        tracing::info!(
            request_id = %self.id,
            model = %self.model,
            provider = %self.provider,
            status,
            latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }
}

/// The caller's id when it is a sane one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sane = |id: &&str| {
        !id.is_empty()
            && id.len() <= 128
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    headers
        .get("x-request-id")
        .and_then(|v| v.to_str().ok())
        .filter(sane)
        .map_or_else(kt_control_api::new_request_id, str::to_owned)
}
