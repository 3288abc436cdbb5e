//! Every metric, and the text that is scraped.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::fleet_counts::FleetCounts;

/// Largest number of rejection codes with a series of their own. Codes come from gateways, and a
/// gateway must not be able to fill the memory.
const MAX_REJECTION_CODES: usize = 64;
/// How long a count of the gateways is reused, because scrapes from this machine are not limited.
const FLEET_MAX_AGE: Duration = Duration::from_secs(5);
/// The label of all further codes.
const OTHER_CODE: &str = "other";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    method: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabels {
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The cause of a failed authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    /// The request has no well-formed token.
    NoToken,
    /// The token is unknown, revoked or expired.
    InvalidToken,
}

/// The metrics of a server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    connections: Gauge,
    long_polls: Gauge,
    streams: Gauge,
    notification_latency: Histogram,
    write_queue_length: Gauge,
    batch_sizes: Histogram,
    commit_durations: Histogram,
    wal_bytes: Gauge,
    store_up: Gauge,
    gateways: Family<StateLabels, Gauge>,
    rejections: Family<CodeLabels, Counter>,
    rejection_codes: Mutex<Vec<String>>,
    auth_failures: Family<ReasonLabels, Counter>,
    drift_repairs: Counter,
    notify_lag: Histogram,
    sweep_repairs: Counter,
    wal_file: Option<PathBuf>,
    /// The last count of the gateways, and its time.
    fleet: Mutex<Option<(Instant, FleetCounts)>>,
}

/// Counts something in a gauge while it lives.
#[derive(Debug)]
pub(crate) struct GaugeGuard(Gauge);

impl GaugeGuard {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Returns a histogram from 0.1 ms to 6.6 s, in which each bound is four times the one before.
fn duration_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 4.0, 9))
}

impl Metrics {
    /// Returns the metrics of a server, whose store is a file with the write-ahead log `wal_file`,
    /// or a database.
    pub(crate) fn new(wal_file: Option<PathBuf>) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("kt_cp"),
            requests: Family::default(),
            durations: Family::new_with_constructor(duration_histogram),
            connections: Gauge::default(),
            long_polls: Gauge::default(),
            streams: Gauge::default(),
            notification_latency: duration_histogram(),
            write_queue_length: Gauge::default(),
            batch_sizes: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit_durations: duration_histogram(),
            wal_bytes: Gauge::default(),
            store_up: Gauge::default(),
            gateways: Family::default(),
            rejections: Family::default(),
            rejection_codes: Mutex::default(),
            auth_failures: Family::default(),
            drift_repairs: Counter::default(),
            notify_lag: duration_histogram(),
            sweep_repairs: Counter::default(),
            wal_file,
            fleet: Mutex::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        r.register("build", "Build information", build);
        let requests = self.requests.clone();
        r.register("http_requests", "Requests", requests);
        let help = "Duration of requests, except long polls and streams";
        r.register(
            "http_request_duration_seconds",
            help,
            self.durations.clone(),
        );
        let connections = self.connections.clone();
        r.register("connections", "Open connections", connections);
        let help = "Long polls that are waiting";
        r.register("long_polls", help, self.long_polls.clone());
        r.register(
            "streams",
            "Open streams: events and exports",
            self.streams.clone(),
        );
        let help = "Time from a change to the response of a long poll that waited for it";
        r.register(
            "notification_latency_seconds",
            help,
            self.notification_latency.clone(),
        );
        r.register(
            "store_up",
            "Whether the store can be read",
            self.store_up.clone(),
        );
        r.register("gateways", "Gateways by state", self.gateways.clone());
        let help = "Configurations that instances rejected, by code";
        r.register("config_rejections", help, self.rejections.clone());
        let help = "Requests without a valid token";
        r.register("auth_failures", help, self.auth_failures.clone());
        let help = "Reconciles that were requested because of drift";
        r.register("drift_repairs", help, self.drift_repairs.clone());
        if self.wal_file.is_some() {
            self.register_file_metrics();
        } else {
            self.register_database_metrics();
        }
    }

    /// Registers the metrics of a store in a file.
    fn register_file_metrics(&mut self) {
        let r = &mut self.registry;
        let help = "Queued writes";
        r.register("write_queue_length", help, self.write_queue_length.clone());
        let help = "Writes per transaction";
        r.register("commit_batch_size", help, self.batch_sizes.clone());
        let help = "Duration of commits, most of which is the wait for the disk";
        r.register("commit_seconds", help, self.commit_durations.clone());
        let help = "Size of the write-ahead log in bytes";
        r.register("wal_bytes", help, self.wal_bytes.clone());
    }

    /// Registers the metrics of a database.
    fn register_database_metrics(&mut self) {
        let r = &mut self.registry;
        let help = "Time from sending a notification to receiving it on the same server";
        r.register("pg_notify_lag_seconds", help, self.notify_lag.clone());
        let help = "Changes that were found without a notification; expected to stay near 0";
        r.register("sweep_repairs", help, self.sweep_repairs.clone());
    }

    /// Renders the metrics. `count` counts the gateways. When it fails, the store is reported as
    /// down and without counts, because old counts would mislead.
    pub(crate) fn render<E>(&self, count: impl FnOnce() -> Result<FleetCounts, E>) -> String {
        let mut last = self.fleet.lock().unwrap_or_else(PoisonError::into_inner);
        if last
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() >= FLEET_MAX_AGE)
        {
            *last = count().ok().map(|fleet| (Instant::now(), fleet));
            self.gateways.clear();
            self.store_up.set(last.is_some().into());
        }
        for (state, count) in last.iter().flat_map(|(_, fleet)| &fleet.0) {
            let state = StateLabels { state };
            self.gateways.get_or_create(&state).set(*count);
        }
        if let Some(file) = &self.wal_file {
            let size = fs::metadata(file).map_or(0, |metadata| metadata.len());
            self.wal_bytes.set(size.try_into().unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Writing to a string does not fail.
            text.clear();
        }
        text
    }

    /// Counts a request. `duration` is `None` for long polls and streams.
    pub(crate) fn observe_request(
        &self,
        (method, route): (&'static str, &'static str),
        status: u16,
        duration: Option<Duration>,
    ) {
        let labels = RequestLabels {
            route,
            method,
            status,
        };
        self.requests.get_or_create(&labels).inc();
        if let Some(duration) = duration {
            let route = RouteLabels { route, method };
            self.durations
                .get_or_create(&route)
                .observe(duration.as_secs_f64());
        }
    }

    /// Counts an open connection.
    pub(crate) fn connection_opened(&self) -> GaugeGuard {
        GaugeGuard::new(&self.connections)
    }

    /// Counts a long poll that waits.
    pub(crate) fn long_poll_started(&self) -> GaugeGuard {
        GaugeGuard::new(&self.long_polls)
    }

    /// Counts an open stream.
    pub(crate) fn stream_opened(&self) -> GaugeGuard {
        GaugeGuard::new(&self.streams)
    }

    /// Records the time from a change to the response of a long poll.
    pub(crate) fn observe_notification_latency(&self, latency: Duration) {
        self.notification_latency.observe(latency.as_secs_f64());
    }

    /// Counts a queued write.
    pub(crate) fn write_queued(&self) -> GaugeGuard {
        GaugeGuard::new(&self.write_queue_length)
    }

    /// Records a commit of a batch of writes.
    pub(crate) fn observe_commit(&self, writes: usize, duration: Duration) {
        let writes = u32::try_from(writes).unwrap_or(u32::MAX);
        self.batch_sizes.observe(writes.into());
        self.commit_durations.observe(duration.as_secs_f64());
    }

    /// Counts a configuration that an instance rejected.
    pub(crate) fn count_rejection(&self, code: &str) {
        let mut codes = self
            .rejection_codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = codes.iter().any(|known| known == code);
        let label = if known || codes.len() < MAX_REJECTION_CODES {
            code
        } else {
            OTHER_CODE
        };
        if !known && label == code {
            codes.push(code.to_owned());
        }
        let labels = CodeLabels {
            code: label.to_owned(),
        };
        self.rejections.get_or_create(&labels).inc();
    }

    /// Counts a failed authentication.
    pub(crate) fn count_auth_failure(&self, failure: AuthFailure) {
        let reason = match failure {
            AuthFailure::NoToken => "no_token",
            AuthFailure::InvalidToken => "invalid_token",
        };
        self.auth_failures
            .get_or_create(&ReasonLabels { reason })
            .inc();
    }

    /// Counts a reconcile that was requested because of drift.
    pub(crate) fn count_drift_repair(&self) {
        self.drift_repairs.inc();
    }

    /// Records the time from sending a notification to receiving it.
    pub(crate) fn observe_notify_lag(&self, lag: Duration) {
        self.notify_lag.observe(lag.as_secs_f64());
    }

    /// Counts a change that was found without a notification.
    pub(crate) fn count_sweep_repair(&self) {
        self.sweep_repairs.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::{FleetCounts, MAX_REJECTION_CODES, Metrics};
    use crate::store::StoreError;

    #[test]
    fn the_number_of_series_for_rejection_codes_is_bounded() {
        let metrics = Metrics::new(None);
        for n in 0..=MAX_REJECTION_CODES {
            metrics.count_rejection(&format!("code-{n}"));
        }
        metrics.count_rejection("code-0");
        let text = metrics.render(|| Err::<FleetCounts, _>(StoreError::IdempotencyKeyReused));
        let series: Vec<&str> = text
            .lines()
            .filter(|l| l.contains("config_rejections_total{"))
            .collect();
        assert_eq!(series.len(), MAX_REJECTION_CODES + 1);
        assert!(series.contains(&"kt_cp_config_rejections_total{code=\"other\"} 1"));
        assert!(series.contains(&"kt_cp_config_rejections_total{code=\"code-0\"} 2"));
    }

    #[test]
    fn every_metric_is_documented() {
        let manual = include_str!("../../../../docs/control-plane.md");
        for wal_file in [None, Some("control-plane.db-wal".into())] {
            let text = Metrics::new(wal_file)
                .render(|| Err::<FleetCounts, _>(StoreError::IdempotencyKeyReused));
            for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
                let name = line.split(' ').next().unwrap();
                assert!(manual.contains(&format!("`{name}")), "{name}");
            }
        }
    }

    #[test]
    fn a_store_that_cannot_be_read_has_no_counts() {
        let metrics = Metrics::new(None);
        let text = metrics.render(|| Err::<FleetCounts, _>(StoreError::IdempotencyKeyReused));
        assert!(text.contains("kt_cp_store_up 0\n"));
        assert!(!text.contains("kt_cp_gateways{"));
    }
}
