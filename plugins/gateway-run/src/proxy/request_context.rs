//! One request: its identity, and what is logged, counted and recorded of it.

use super::context::ProxyContext;
use super::decision::Decision;
use crate::audit::{AuditEntry, Served};
use crate::guard::JudgeContext;
use crate::halt::Halts;
use crate::metrics::RequestLabels;
use crate::request_id::RequestId;
use crate::request_log::RequestLine;
use crate::snapshot::{Snapshot, Upstream};
use crate::state::GatewayState;
use crate::upstream::ConnectionPool;
use http::HeaderMap;
use jiff::Timestamp;
use kt_policy::{AuditRecord, Direction, Evaluation, PlaceholderValues};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// nginx's status for a client that closed the request.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The reason code of requests that are refused because the gateway is halted.
const GATEWAY_HALTED: &str = "gateway.halted";

/// The provider of a request that no upstream served.
const NO_PROVIDER: &str = "none";

/// One request. It is logged and counted exactly once, also when it is dropped
/// because the client has disconnected.
pub(super) struct RequestContext {
    pub(super) id: RequestId,
    pub(super) snapshot: Arc<Snapshot>,
    requested_model: String,
    /// The upstream that served the request, or failed last: its index.
    upstream: Option<usize>,
    attempts: u32,
    state: Arc<GatewayState>,
    pool: Rc<ConnectionPool>,
    started: Instant,
    /// The record of the request's evaluation, until the upstream is known.
    pending_record: Option<AuditRecord>,
    /// What the placeholders of the request stand for, if the response gets values back.
    pub(super) placeholder_values: Option<Arc<PlaceholderValues>>,
    /// What the line of the request says about it.
    decision: RefCell<Decision>,
    ended: bool,
}

impl RequestContext {
    pub(super) fn new(proxy: &ProxyContext, headers: &HeaderMap) -> Self {
        Self {
            id: RequestId::new(headers, &proxy.request_ids),
            snapshot: proxy.snapshot(),
            requested_model: String::new(),
            upstream: None,
            attempts: 0,
            state: Arc::clone(&proxy.state),
            pool: Rc::clone(&proxy.pool),
            started: Instant::now(),
            pending_record: None,
            placeholder_values: None,
            decision: RefCell::default(),
            ended: false,
        }
    }

    pub(super) fn set_requested_model(&mut self, model: &str) {
        model.clone_into(&mut self.requested_model);
    }

    /// Sets the upstream that served the request, or failed last, and the number of
    /// upstreams that were tried.
    pub(super) fn set_upstream(&mut self, upstream: Option<&Upstream>, attempts: u32) {
        self.attempts = attempts;
        self.upstream = upstream.and_then(|upstream| {
            let mut all = self.snapshot.upstreams.iter();
            all.position(|other| std::ptr::eq(other, upstream))
        });
        self.write_pending_record();
    }

    fn upstream(&self) -> Option<&Upstream> {
        self.snapshot.upstreams.get(self.upstream?)
    }

    fn served(&self) -> Option<Served> {
        let target = &self.upstream()?.target;
        Some(Served {
            target: target.id.clone(),
            model: target.served_model(&self.requested_model).to_owned(),
        })
    }

    /// Counts the evaluation of the request. Its record is written once the upstream
    /// is known.
    pub(super) fn request_evaluated(&mut self, evaluation: &Evaluation) {
        self.count_evaluation(evaluation);
        self.note_decision(evaluation);
        self.pending_record = self.snapshot.chain.audit_record(evaluation);
    }

    /// Counts and records the evaluation of the response, in which so many placeholders were
    /// restored.
    pub(super) fn response_evaluated(&self, evaluation: &Evaluation, restored: usize) {
        self.count_evaluation(evaluation);
        self.note_decision(evaluation);
        if let Some(mut record) = self.snapshot.chain.audit_record(evaluation) {
            record.restored = restored;
            self.write(record, "output");
        }
    }

    /// Returns what guards outside of the gateway learn of the request.
    pub(super) fn judge_context(&self, direction: Direction) -> JudgeContext {
        JudgeContext {
            request_id: self.id.text.clone(),
            model: self.requested_model.clone(),
            consumer: None,
            direction,
            metrics: Arc::clone(&self.state.metrics),
            pool: Rc::clone(&self.pool),
        }
    }

    fn count_evaluation(&self, evaluation: &Evaluation) {
        let kinds = self.snapshot.chain.kinds().iter();
        for (kind, counters) in kinds.zip(&self.snapshot.evaluations) {
            let result = evaluation.result_of(*kind);
            let metrics = &self.state.metrics;
            metrics.evaluation(counters, kind.as_str(), result);
        }
    }

    fn note_decision(&self, evaluation: &Evaluation) {
        if self.state.request_log.is_some() {
            self.decision.borrow_mut().add(evaluation);
        }
    }

    /// Sets the code of the error that is the response, unless a policy has decided on it.
    pub(super) fn set_error(&self, code: &str) {
        if self.state.request_log.is_some() {
            self.decision.borrow_mut().set_error(code);
        }
    }

    /// Returns the halts of the gateway.
    pub(super) fn halts(&self) -> Arc<Halts> {
        Arc::clone(&self.state.halts)
    }

    /// Records that the request, or its response, is refused because the gateway is halted.
    pub(super) fn halted(&self, phase: &'static str) {
        if let Some(record) = self.snapshot.chain.refusal_record(GATEWAY_HALTED) {
            self.write(record, phase);
        }
    }

    fn write_pending_record(&mut self) {
        if let Some(record) = self.pending_record.take() {
            self.write(record, "input");
        }
    }

    fn write(&self, decision: AuditRecord, phase: &'static str) {
        self.state.audit.write(AuditEntry {
            request_id: self.id.text.clone(),
            requested_model: self.requested_model.clone(),
            served: self.served(),
            attempts: self.attempts,
            config_version: self.snapshot.version,
            phase,
            decision,
            halt: None,
        });
    }

    pub(super) fn count_tokens(&self, input: u64, output: u64) {
        if let Some(upstream) = self.upstream() {
            let metrics = upstream.metrics(&self.state.metrics);
            metrics.input_tokens.inc_by(input);
            metrics.output_tokens.inc_by(output);
        }
    }

    /// Logs and counts the end of the request.
    pub(super) fn end(&mut self, status: u16) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.write_pending_record();
        let duration = self.started.elapsed();
        self.count(status, duration);
        self.show(status, duration);
        let target = self.upstream().map(|upstream| &upstream.target);
        tracing::info!(
            request_id = %self.id,
            requested_model = %self.requested_model,
            served_model = target.map_or("", |t| t.served_model(&self.requested_model)),
            target = target.map_or("", |t| &t.id),
            provider = target.map_or(NO_PROVIDER, |t| &t.provider),
            attempts = self.attempts,
            status,
            latency_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }

    fn show(&self, status: u16, latency: Duration) {
        let Some(log) = &self.state.request_log else {
            return;
        };
        let (verdict, reason) = self.decision.borrow().summary();
        log.write(RequestLine {
            at: Timestamp::now(),
            request_id: self.id.text.clone(),
            model: self.requested_model.clone(),
            verdict,
            reason,
            status,
            latency,
        });
    }

    fn count(&self, status: u16, duration: Duration) {
        let metrics = &self.state.metrics;
        let model = self.snapshot.model_label(&self.requested_model);
        if let Some(upstream) = self.upstream() {
            let upstream = upstream.metrics(metrics);
            metrics.upstream_request(upstream, model, status, self.attempts, duration);
            return;
        }
        let labels = RequestLabels {
            provider: NO_PROVIDER.to_owned(),
            model: String::new(),
            requested_model: model.to_owned(),
            target: String::new(),
            status,
        };
        metrics.request(labels, self.attempts, duration);
    }
}

impl Drop for RequestContext {
    fn drop(&mut self) {
        self.end(CLIENT_CLOSED_REQUEST);
    }
}
