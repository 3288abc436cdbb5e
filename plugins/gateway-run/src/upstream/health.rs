//! What is remembered of upstreams across requests and reloads: circuits,
//! latencies, and whose turn it is.

use crate::snapshot::{Snapshot, Upstream};
use kt_policy::{CircuitBreaker, Strategy};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Failures in a row that open a circuit, when the document says nothing.
const THRESHOLD: u64 = 5;
/// How long a circuit stays open, when the document says nothing.
const COOLDOWN: u64 = 30;
/// Weight of the newest latency in the moving average.
const NEWEST: f64 = 0.2;

#[derive(Default)]
struct Entry {
    failures: u64,
    open_until: Option<Instant>,
    /// Seconds, moving average.
    latency: f64,
}

/// The state of every upstream, by id.
#[derive(Default)]
pub(crate) struct UpstreamHealth {
    entries: Mutex<HashMap<String, Entry>>,
    turn: AtomicU64,
}

impl UpstreamHealth {
    /// The upstreams to try, in order: usable ones whose circuit is not open,
    /// the strategy's choice first. When every circuit is open, all are tried:
    /// a guess is better than a certain refusal.
    pub(crate) fn order<'s>(&self, snapshot: &'s Snapshot) -> Vec<&'s Upstream> {
        let usable: Vec<&Upstream> = snapshot
            .upstreams
            .iter()
            .filter(|u| u.is_available())
            .collect();
        let closed: Vec<&Upstream> = usable
            .iter()
            .copied()
            .filter(|u| !self.is_open(&u.id))
            .collect();
        let mut order = if closed.is_empty() { usable } else { closed };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = order.len();
        match snapshot.strategy {
            _ if count < 2 => {}
            Strategy::Ordered => {}
            Strategy::RoundRobin => {
                order.rotate_left(usize::try_from(turn % count as u64).unwrap_or(0));
            }
            Strategy::Weighted => weighted_first(&mut order, turn),
            Strategy::LowestLatency => {
                order.sort_by(|a, b| self.latency(&a.id).total_cmp(&self.latency(&b.id)))
            }
        }
        order
    }

    fn with<T>(&self, id: &str, f: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let mut entries = self.entries.lock().ok()?;
        Some(f(entries.entry(id.to_owned()).or_default()))
    }

    fn is_open(&self, id: &str) -> bool {
        let now = Instant::now();
        self.with(id, |e| e.open_until.is_some_and(|until| until > now))
            .unwrap_or(false)
    }

    fn latency(&self, id: &str) -> f64 {
        self.with(id, |e| e.latency).unwrap_or(0.0)
    }

    /// An upstream answered.
    pub(crate) fn answered(&self, id: &str, took: Duration) {
        self.with(id, |e| {
            e.failures = 0;
            e.open_until = None;
            let seconds = took.as_secs_f64();
            e.latency = if e.latency == 0.0 {
                seconds
            } else {
                e.latency + NEWEST * (seconds - e.latency)
            };
        });
    }

    /// An upstream failed; `again_in` is what its `Retry-After` says.
    pub(crate) fn failed(&self, id: &str, breaker: &CircuitBreaker, again_in: Option<Duration>) {
        let enabled = breaker.enabled.unwrap_or(true);
        let threshold = breaker.failure_threshold.unwrap_or(THRESHOLD);
        let cooldown = Duration::from_secs(breaker.cooldown_seconds.unwrap_or(COOLDOWN));
        self.with(id, |e| {
            e.failures += 1;
            let opens = enabled && e.failures >= threshold;
            if let Some(pause) = again_in.or(opens.then_some(cooldown)) {
                e.open_until = Some(Instant::now() + pause);
            }
        });
    }
}

/// Moves the upstream whose share covers `turn` to the front.
fn weighted_first(order: &mut [&Upstream], turn: u64) {
    let total: u64 = order.iter().map(|u| u.weight).sum();
    if total == 0 {
        return;
    }
    let mut point = turn % total;
    for (i, upstream) in order.iter().enumerate() {
        if point < upstream.weight {
            if let Some(head) = order.get_mut(..=i) {
                head.rotate_right(1);
            }
            return;
        }
        point -= upstream.weight;
    }
}
