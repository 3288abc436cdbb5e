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

use super::Fleet;

/// Most causes of rejections that are told apart. They come from gateways, which may be of any
/// version, and a series for each must not let one of them fill the memory.
const CODES: usize = 64;
/// How long a count of the gateways is told again: anybody near may ask as often as they like.
const FRESH: Duration = Duration::from_secs(5);
/// Stands for the others.
const OTHER_CODES: &str = "other";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: &'static str,
    method: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WithCode {
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct For {
    reason: &'static str,
}

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// What was shown is no token.
    NoToken,
    /// It is a token that nobody knows, or one that is revoked or expired.
    NotAccepted,
}

/// What a server measures of itself.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    connections: Gauge,
    parked: Gauge,
    streams: Gauge,
    wakes: Histogram,
    queue: Gauge,
    groups: Histogram,
    commits: Histogram,
    wal: Gauge,
    store_up: Gauge,
    gateways: Family<InState, Gauge>,
    rejections: Family<WithCode, Counter>,
    codes: Mutex<Vec<String>>,
    refused: Family<For, Counter>,
    drift_repairs: Counter,
    notify_lag: Histogram,
    repairs: Counter,
    wal_file: Option<PathBuf>,
    /// The last count of the gateways, and when it was made.
    fleet: Mutex<Option<(Instant, Fleet)>>,
}

/// Something that is counted for as long as this lives.
#[derive(Debug)]
pub(crate) struct Counted(Gauge);

impl Counted {
    fn by(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// From 0.1 ms to 13 s, each bound four times the one before.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 4.0, 9))
}

impl Metrics {
    /// Those of a server, over a file that has its write-ahead log at `wal_file`, or over a
    /// database that it may share.
    pub(crate) fn new(wal_file: Option<PathBuf>) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("kt_cp"),
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds),
            connections: Gauge::default(),
            parked: Gauge::default(),
            streams: Gauge::default(),
            wakes: seconds(),
            queue: Gauge::default(),
            groups: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commits: seconds(),
            wal: Gauge::default(),
            store_up: Gauge::default(),
            gateways: Family::default(),
            rejections: Family::default(),
            codes: Mutex::default(),
            refused: Family::default(),
            drift_repairs: Counter::default(),
            notify_lag: seconds(),
            repairs: Counter::default(),
            wal_file,
            fleet: Mutex::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        r.register("build", "The kt that serves", build);
        let requests = self.requests.clone();
        r.register("http_requests", "Requests answered", requests);
        let about = "Time to answer requests that did not wait for news";
        r.register(
            "http_request_duration_seconds",
            about,
            self.durations.clone(),
        );
        let connections = self.connections.clone();
        r.register("connections", "Connections open", connections);
        let about = "Requests that wait for news";
        r.register("parked_polls", about, self.parked.clone());
        r.register(
            "streams",
            "Answers that go on: events and exports",
            self.streams.clone(),
        );
        let about = "From a change to the answer of whoever waited for it";
        r.register("wake_seconds", about, self.wakes.clone());
        r.register(
            "store_up",
            "Whether the store can be read",
            self.store_up.clone(),
        );
        r.register(
            "gateways",
            "Gateways by how they stand",
            self.gateways.clone(),
        );
        let about = "Configurations that gateways refused, by cause";
        r.register("nacks", about, self.rejections.clone());
        let about = "Requests without a valid token";
        r.register("auth_failures", about, self.refused.clone());
        let about = "Gateways reconciled because they had drifted";
        r.register("drift_repairs", about, self.drift_repairs.clone());
        if self.wal_file.is_some() {
            self.register_file();
        } else {
            self.register_shared();
        }
    }

    /// What only a store in a file has.
    fn register_file(&mut self) {
        let r = &mut self.registry;
        let about = "Changes that wait to be carried out";
        r.register("writer_queue", about, self.queue.clone());
        let about = "Changes in one transaction";
        r.register("group_size", about, self.groups.clone());
        let about = "Time to commit a transaction, most of it the wait for the disk";
        r.register("commit_seconds", about, self.commits.clone());
        let about = "Size of the write-ahead log in bytes";
        r.register("wal_bytes", about, self.wal.clone());
    }

    /// What only a store has that servers share.
    fn register_shared(&mut self) {
        let r = &mut self.registry;
        let about = "From sending word of a change to other servers to hearing it oneself";
        r.register("pg_notify_lag_seconds", about, self.notify_lag.clone());
        let about = "Gateways whose change was found without word of it; stays near 0";
        r.register("sweep_repairs", about, self.repairs.clone());
    }

    /// The text that Prometheus scrapes. `count` counts the gateways; when it cannot, the store
    /// is told to be down, and no figures are better than old ones.
    pub(crate) fn render<E>(&self, count: impl FnOnce() -> Result<Fleet, E>) -> String {
        let mut last = self.fleet.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            *last = count().ok().map(|fleet| (Instant::now(), fleet));
            self.gateways.clear();
            self.store_up.set(last.is_some().into());
        }
        for (state, count) in last.iter().flat_map(|(_, fleet)| &fleet.0) {
            let state = InState { state };
            self.gateways.get_or_create(&state).set(*count);
        }
        if let Some(file) = &self.wal_file {
            let size = fs::metadata(file).map_or(0, |facts| facts.len());
            self.wal.set(size.try_into().unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Writing to a string does not fail.
            text.clear();
        }
        text
    }

    /// A request was answered. `took` is `None` for one that waited for news.
    pub(crate) fn answered(
        &self,
        (method, route): (&'static str, &'static str),
        status: u16,
        took: Option<Duration>,
    ) {
        let labels = Answered {
            route,
            method,
            status,
        };
        self.requests.get_or_create(&labels).inc();
        if let Some(took) = took {
            let route = Route { route, method };
            self.durations
                .get_or_create(&route)
                .observe(took.as_secs_f64());
        }
    }

    /// Counts a connection.
    pub(crate) fn connection(&self) -> Counted {
        Counted::by(&self.connections)
    }

    /// Counts a request that waits.
    pub(crate) fn parked(&self) -> Counted {
        Counted::by(&self.parked)
    }

    /// Counts a stream.
    pub(crate) fn stream(&self) -> Counted {
        Counted::by(&self.streams)
    }

    /// Somebody who waited is answered, so long after the change.
    pub(crate) fn woken(&self, after: Duration) {
        self.wakes.observe(after.as_secs_f64());
    }

    /// Counts a change that waits to be carried out.
    pub(crate) fn queued(&self) -> Counted {
        Counted::by(&self.queue)
    }

    /// A transaction of so many changes was committed.
    pub(crate) fn committed(&self, changes: usize, took: Duration) {
        let changes = u32::try_from(changes).unwrap_or(u32::MAX);
        self.groups.observe(changes.into());
        self.commits.observe(took.as_secs_f64());
    }

    /// An instance has refused a configuration.
    pub(crate) fn rejected(&self, code: &str) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = codes.iter().any(|known| known == code);
        let told = if known || codes.len() < CODES {
            code
        } else {
            OTHER_CODES
        };
        if !known && told == code {
            codes.push(code.to_owned());
        }
        let labels = WithCode {
            code: told.to_owned(),
        };
        self.rejections.get_or_create(&labels).inc();
    }

    /// A request came without a valid token.
    pub(crate) fn refused(&self, why: Refused) {
        let reason = match why {
            Refused::NoToken => "no_token",
            Refused::NotAccepted => "not_accepted",
        };
        self.refused.get_or_create(&For { reason }).inc();
    }

    /// A gateway was reconciled because it had drifted.
    pub(crate) fn drift_repaired(&self) {
        self.drift_repairs.inc();
    }

    /// This server heard its own word of a change, so long after sending it.
    pub(crate) fn heard_itself(&self, after: Duration) {
        self.notify_lag.observe(after.as_secs_f64());
    }

    /// A change was found without word of it.
    pub(crate) fn repaired(&self) {
        self.repairs.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Fleet, Metrics};
    use crate::store::StoreError;

    #[test]
    fn gateways_cannot_make_series_without_end() {
        let metrics = Metrics::new(None);
        for n in 0..=CODES {
            metrics.rejected(&format!("code-{n}"));
        }
        metrics.rejected("code-0");
        let text = metrics.render(|| Err::<Fleet, _>(StoreError::IdempotencyKeyReused));
        let series: Vec<&str> = text
            .lines()
            .filter(|l| l.contains("nacks_total{"))
            .collect();
        assert_eq!(series.len(), CODES + 1);
        assert!(series.contains(&"kt_cp_nacks_total{code=\"other\"} 1"));
        assert!(series.contains(&"kt_cp_nacks_total{code=\"code-0\"} 2"));
    }

    #[test]
    fn every_metric_is_described() {
        let manual = include_str!("../../../../docs/control-plane.md");
        for wal_file in [None, Some("control-plane.db-wal".into())] {
            let text =
                Metrics::new(wal_file).render(|| Err::<Fleet, _>(StoreError::IdempotencyKeyReused));
            for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
                let name = line.split(' ').next().unwrap();
                assert!(manual.contains(&format!("`{name}")), "{name}");
            }
        }
    }

    #[test]
    fn a_store_that_cannot_be_read_has_no_figures() {
        let metrics = Metrics::new(None);
        let text = metrics.render(|| Err::<Fleet, _>(StoreError::IdempotencyKeyReused));
        assert!(text.contains("kt_cp_store_up 0\n"));
        assert!(!text.contains("kt_cp_gateways{"));
    }
}
