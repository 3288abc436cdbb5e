//! Prometheus metrics, under the names of the compatible product.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// The labels of a request. Each value is one of the configuration, never one that a
/// caller invents.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub(crate) provider: String,
    /// The served model.
    pub(crate) model: String,
    pub(crate) requested_model: String,
    pub(crate) target: String,
    pub(crate) status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProviderLabel {
    provider: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PolicyLabels {
    policy: String,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PolicyLabel {
    policy: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TokenLabels {
    direction: &'static str,
    model: String,
}

/// The metrics of an upstream.
pub(crate) struct UpstreamMetrics {
    provider: String,
    model: String,
    target: String,
    /// By requested model, which is a label of the configuration, and status.
    requests: Mutex<Vec<(String, u16, Counter)>>,
    attempts: Counter,
    duration: Histogram,
    /// Tokens of requests.
    pub(crate) input_tokens: Counter,
    /// Tokens of responses.
    pub(crate) output_tokens: Counter,
}

/// The counters of the evaluations of a policy, each from when it is counted first.
#[derive(Default)]
pub(crate) struct EvaluationCounters {
    block: OnceLock<Counter>,
    redact: OnceLock<Counter>,
    pass: OnceLock<Counter>,
}

/// The metrics of a gateway.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    duration: Family<ProviderLabel, Histogram>,
    attempts: Family<ProviderLabel, Counter>,
    policies: Family<PolicyLabels, Counter>,
    guard_calls: Family<PolicyLabels, Counter>,
    guard_duration: Family<PolicyLabel, Histogram>,
    tokens: Family<TokenLabels, Counter>,
    in_flight: Gauge,
    halted: Gauge,
    connected: Gauge,
    version: Gauge,
    reloads: Counter,
    rejections: Counter,
    audit_records: Counter,
    audit_syncs: Counter,
    audit_records_lost: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // 1 ms to about 4.5 minutes.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 18));
        let mut m = Self {
            registry: Registry::with_prefix("keeptrusts_gateway"),
            requests: Family::default(),
            duration: Family::new_with_constructor(histogram),
            attempts: Family::default(),
            policies: Family::default(),
            guard_calls: Family::default(),
            guard_duration: Family::new_with_constructor(histogram),
            tokens: Family::default(),
            in_flight: Gauge::default(),
            halted: Gauge::default(),
            connected: Gauge::default(),
            version: Gauge::default(),
            reloads: Counter::default(),
            rejections: Counter::default(),
            audit_records: Counter::default(),
            audit_syncs: Counter::default(),
            audit_records_lost: Counter::default(),
        };
        m.register();
        m
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("requests", "Requests by status", self.requests.clone());
        r.register(
            "request_duration_seconds",
            "Duration of requests",
            self.duration.clone(),
        );
        r.register(
            "upstream_attempts",
            "Upstreams that were tried, by the provider of the last",
            self.attempts.clone(),
        );
        r.register(
            "policy_evaluations",
            "Policy evaluations by result",
            self.policies.clone(),
        );
        r.register(
            "guard_calls",
            "Questions to plugins and external guards by result",
            self.guard_calls.clone(),
        );
        r.register(
            "guard_call_duration_seconds",
            "Duration of questions to plugins and external guards",
            self.guard_duration.clone(),
        );
        r.register(
            "tokens",
            "Tokens reported by upstreams",
            self.tokens.clone(),
        );
        r.register("in_flight", "Requests in flight", self.in_flight.clone());
        r.register(
            "halted",
            "Whether the gateway is halted, and refuses every request",
            self.halted.clone(),
        );
        r.register(
            "control_plane_connected",
            "Whether the control plane is reachable",
            self.connected.clone(),
        );
        r.register(
            "config_version",
            "Active configuration version; 0 if it was never published",
            self.version.clone(),
        );
        r.register(
            "config_reloads",
            "Configurations applied",
            self.reloads.clone(),
        );
        r.register(
            "config_rejections",
            "Configurations rejected",
            self.rejections.clone(),
        );
        r.register(
            "audit_records",
            "Audit records written to disk",
            self.audit_records.clone(),
        );
        r.register(
            "audit_syncs",
            "Syncs of the audit log, one per batch of records",
            self.audit_syncs.clone(),
        );
        r.register(
            "audit_records_lost",
            "Audit records that could not be written",
            self.audit_records_lost.clone(),
        );
    }

    /// Renders the metrics in OpenMetrics text format.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Formatting into a string does not fail.
            text.clear();
        }
        text
    }

    /// Counts a request that has ended after `attempts` upstreams were tried.
    pub(crate) fn request(&self, labels: RequestLabels, attempts: u32, duration: Duration) {
        let provider = ProviderLabel {
            provider: labels.provider.clone(),
        };
        self.requests.get_or_create(&labels).inc();
        self.attempts
            .get_or_create(&provider)
            .inc_by(attempts.into());
        self.duration
            .get_or_create(&provider)
            .observe(duration.as_secs_f64());
    }

    /// Counts an evaluation by a policy. A look-up by labels costs ten times as much as a counter,
    /// and a request has one for each policy and direction.
    pub(crate) fn evaluation(
        &self,
        counters: &EvaluationCounters,
        policy: &str,
        result: &'static str,
    ) {
        let counter = match result {
            "block" => &counters.block,
            "redact" => &counters.redact,
            _ => &counters.pass,
        };
        let new = || {
            self.policies.get_or_create_owned(&PolicyLabels {
                policy: policy.to_owned(),
                result,
            })
        };
        counter.get_or_init(new).inc();
    }

    /// Counts a question to a guard outside of the gateway.
    pub(crate) fn guard_call(&self, policy: &str, result: &'static str, duration: Duration) {
        let policy = policy.to_owned();
        let labels = PolicyLabels {
            policy: policy.clone(),
            result,
        };
        self.guard_calls.get_or_create(&labels).inc();
        let label = PolicyLabel { policy };
        let seconds = duration.as_secs_f64();
        self.guard_duration.get_or_create(&label).observe(seconds);
    }

    /// Returns the metrics of an upstream, resolved once: four look-ups by labels cost
    /// more than the parsing of a request of 1 KB.
    pub(crate) fn upstream(&self, provider: &str, model: &str, target: &str) -> UpstreamMetrics {
        let label = ProviderLabel {
            provider: provider.to_owned(),
        };
        let tokens = |direction| {
            let model = model.to_owned();
            let labels = TokenLabels { direction, model };
            self.tokens.get_or_create_owned(&labels)
        };
        UpstreamMetrics {
            provider: provider.to_owned(),
            model: model.to_owned(),
            target: target.to_owned(),
            requests: Mutex::default(),
            attempts: self.attempts.get_or_create_owned(&label),
            duration: self.duration.get_or_create_owned(&label),
            input_tokens: tokens("input"),
            output_tokens: tokens("output"),
        }
    }

    /// As [`Metrics::request`], of a request that an upstream served, or failed last.
    pub(crate) fn upstream_request(
        &self,
        upstream: &UpstreamMetrics,
        requested_model: &str,
        status: u16,
        attempts: u32,
        duration: Duration,
    ) {
        upstream.attempts.inc_by(attempts.into());
        upstream.duration.observe(duration.as_secs_f64());
        let Ok(mut requests) = upstream.requests.lock() else {
            return;
        };
        let is_same =
            |known: &&(String, u16, Counter)| known.1 == status && known.0 == requested_model;
        if let Some((_, _, count)) = requests.iter().find(is_same) {
            count.inc();
            return;
        }
        let count = self.requests.get_or_create_owned(&RequestLabels {
            provider: upstream.provider.clone(),
            model: upstream.model.clone(),
            requested_model: requested_model.to_owned(),
            target: upstream.target.clone(),
            status,
        });
        count.inc();
        requests.push((requested_model.to_owned(), status, count));
    }

    pub(crate) fn set_in_flight(&self, count: usize) {
        self.in_flight.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn set_halted(&self, halted: bool) {
        self.halted.set(i64::from(halted));
    }

    pub(crate) fn set_connected(&self, connected: bool) {
        self.connected.set(i64::from(connected));
    }

    pub(crate) fn applied(&self, version: Option<u64>) {
        self.version
            .set(i64::try_from(version.unwrap_or(0)).unwrap_or(i64::MAX));
        self.reloads.inc();
    }

    pub(crate) fn rejected(&self) {
        self.rejections.inc();
    }

    /// Counts a batch of audit records that was synced.
    pub(crate) fn audit_records_synced(&self, count: u64) {
        self.audit_records.inc_by(count);
        self.audit_syncs.inc();
    }

    pub(crate) fn audit_records_lost(&self, count: u64) {
        self.audit_records_lost.inc_by(count);
    }
}
