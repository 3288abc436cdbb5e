//! What all threads of a gateway share.

use crate::audit::Audit;
use crate::metrics::Metrics;
use crate::upstream::Board;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// What the command's options say about every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// A request whose evaluation fails passes.
    pub(crate) fail_open: bool,
    /// Requests to upstreams at a time; 0 for no limit.
    pub(crate) max_concurrency: usize,
    /// The traffic listener is on a loopback address.
    pub(crate) loopback: bool,
}

/// Shared by every worker, the administration and the control loop.
pub(crate) struct Shared {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: Audit,
    /// Circuit states and latencies; they survive every reload.
    pub(crate) board: Board,
    pub(crate) rules: Rules,
    pub(crate) started: Instant,
    in_flight: AtomicUsize,
    served: AtomicUsize,
    ready: AtomicBool,
}

impl Shared {
    pub(crate) fn new(metrics: Arc<Metrics>, audit: Audit, rules: Rules) -> Self {
        Self {
            metrics,
            audit,
            board: Board::default(),
            rules,
            started: Instant::now(),
            in_flight: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            ready: AtomicBool::new(false),
        }
    }

    /// Whether requests are welcome.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::SeqCst);
    }

    /// Requests being served.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Requests served so far.
    pub(crate) fn served(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }

    /// Counts a request until the guard is dropped; `None` when there is no
    /// room for another.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let before = self.in_flight.fetch_add(1, Ordering::SeqCst);
        let guard = Admitted(Arc::clone(self));
        (self.rules.max_concurrency == 0 || before < self.rules.max_concurrency).then_some(guard)
    }
}

/// A request that is being served.
pub(crate) struct Admitted(Arc<Shared>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.0.served.fetch_add(1, Ordering::SeqCst);
    }
}
