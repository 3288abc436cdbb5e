//! The health of upstreams, across requests and reloads: circuit breakers and
//! latencies; and the order in which upstreams are tried.

use crate::snapshot::Upstream;
use kt_policy::defaults::{COOLDOWN_SECONDS, FAILURE_THRESHOLD, WEIGHT};
use kt_policy::{CircuitBreaker, Strategy};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The weight of the newest latency in the moving average.
const LATENCY_WEIGHT: f64 = 0.2;

#[derive(Default)]
struct Status {
    failures: u64,
    open_until: Option<Instant>,
    /// The moving average, seconds.
    latency: f64,
}

/// The health of every upstream, by id.
#[derive(Default)]
pub(crate) struct UpstreamHealth {
    by_id: Mutex<HashMap<String, Status>>,
    turn: AtomicU64,
}

impl UpstreamHealth {
    /// Returns the upstreams of a route in the order to try: available ones whose
    /// circuit is closed, the choice of the strategy first. If every circuit is open,
    /// all of them: an attempt is better than a certain error.
    pub(super) fn order<'s>(
        &self,
        mut route: Vec<&'s Upstream>,
        strategy: Strategy,
    ) -> Vec<&'s Upstream> {
        route.retain(|u| u.is_available());
        if route.len() < 2 {
            return route;
        }
        let closed: Vec<&Upstream> = route
            .iter()
            .copied()
            .filter(|u| !self.is_open(u.id()))
            .collect();
        let mut order = if closed.is_empty() { route } else { closed };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = order.len();
        match strategy {
            _ if count < 2 => {}
            Strategy::Ordered => {}
            Strategy::RoundRobin => {
                order.rotate_left(usize::try_from(turn % count as u64).unwrap_or(0));
            }
            Strategy::Weighted => weighted_first(&mut order, turn),
            Strategy::LowestLatency => {
                order.sort_by(|a, b| self.latency(a.id()).total_cmp(&self.latency(b.id())));
            }
        }
        order
    }

    fn with<T>(&self, id: &str, f: impl FnOnce(&mut Status) -> T) -> Option<T> {
        let mut by_id = self.by_id.lock().ok()?;
        if let Some(status) = by_id.get_mut(id) {
            return Some(f(status));
        }
        Some(f(by_id.entry(id.to_owned()).or_default()))
    }

    /// Returns whether an upstream receives requests: `available`, `no-credential`, or
    /// `circuit-open` after failures.
    pub(crate) fn state_of(&self, upstream: &Upstream) -> &'static str {
        if !upstream.is_available() {
            "no-credential"
        } else if self.is_open(upstream.id()) {
            "circuit-open"
        } else {
            "available"
        }
    }

    fn is_open(&self, id: &str) -> bool {
        let now = Instant::now();
        self.with(id, |e| e.open_until.is_some_and(|until| until > now))
            .unwrap_or(false)
    }

    fn latency(&self, id: &str) -> f64 {
        self.with(id, |e| e.latency).unwrap_or(0.0)
    }

    /// Records a response of an upstream.
    pub(super) fn succeeded(&self, id: &str, latency: Duration) {
        self.with(id, |e| {
            e.failures = 0;
            e.open_until = None;
            let seconds = latency.as_secs_f64();
            e.latency = if e.latency == 0.0 {
                seconds
            } else {
                e.latency + LATENCY_WEIGHT * (seconds - e.latency)
            };
        });
    }

    /// Records a failure of an upstream.
    pub(super) fn failed(&self, id: &str, breaker: &CircuitBreaker, retry_after: Option<Duration>) {
        let enabled = breaker.enabled.unwrap_or(true);
        let threshold = breaker.failure_threshold.unwrap_or(FAILURE_THRESHOLD);
        let cooldown = Duration::from_secs(breaker.cooldown_seconds.unwrap_or(COOLDOWN_SECONDS));
        self.with(id, |e| {
            e.failures += 1;
            let opens = enabled && e.failures >= threshold;
            if let Some(pause) = retry_after.or(opens.then_some(cooldown)) {
                e.open_until = Some(Instant::now() + pause);
            }
        });
    }
}

fn weight(upstream: &Upstream) -> u64 {
    upstream.target.weight.unwrap_or(WEIGHT)
}

/// Moves the upstream whose share covers `turn` to the front.
fn weighted_first(order: &mut [&Upstream], turn: u64) {
    let total: u64 = order.iter().copied().map(weight).sum();
    if total == 0 {
        return;
    }
    let mut point = turn % total;
    for (i, upstream) in order.iter().enumerate() {
        if point < weight(upstream) {
            if let Some(head) = order.get_mut(..=i) {
                head.rotate_right(1);
            }
            return;
        }
        point -= weight(upstream);
    }
}
