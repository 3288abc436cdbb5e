//! The state that all threads of a gateway share.

use crate::audit::AuditLog;
use crate::halt::Halts;
use crate::metrics::Metrics;
use crate::request_log::RequestLog;
use crate::upstream::UpstreamHealth;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// Settings from the command line that apply to every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestSettings {
    /// A request whose evaluation fails is let through.
    pub(crate) fail_open: bool,
    /// The maximum number of concurrent requests; 0 for no limit.
    pub(crate) max_concurrency: usize,
    /// The traffic listener is on a loopback address.
    pub(crate) loopback: bool,
}

/// State shared by the workers, the administration server and the control loop.
pub(crate) struct GatewayState {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: AuditLog,
    /// Shows a line per request, if the user wants one.
    pub(crate) request_log: Option<RequestLog>,
    /// Circuit states and latencies; they survive every reload.
    pub(crate) upstream_health: UpstreamHealth,
    pub(crate) settings: RequestSettings,
    /// Whether every request is refused.
    pub(crate) halts: Arc<Halts>,
    pub(crate) started: Instant,
    in_flight: AtomicUsize,
    served: AtomicUsize,
    ready: AtomicBool,
}

impl GatewayState {
    pub(crate) fn new(
        metrics: Arc<Metrics>,
        audit: AuditLog,
        request_log: Option<RequestLog>,
        settings: RequestSettings,
        halts: Arc<Halts>,
    ) -> Self {
        Self {
            metrics,
            audit,
            request_log,
            upstream_health: UpstreamHealth::default(),
            settings,
            halts,
            started: Instant::now(),
            in_flight: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            ready: AtomicBool::new(false),
        }
    }

    /// Whether the gateway accepts requests.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::SeqCst);
    }

    /// The number of requests in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// The number of requests served since the start.
    pub(crate) fn served(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }

    /// Counts a request as in flight until the guard is dropped; `None` at the
    /// concurrency limit.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<InFlightGuard> {
        let before = self.in_flight.fetch_add(1, Ordering::SeqCst);
        let guard = InFlightGuard(Arc::clone(self));
        let limit = self.settings.max_concurrency;
        (limit == 0 || before < limit).then_some(guard)
    }
}

/// Marks one request as in flight.
pub(crate) struct InFlightGuard(Arc<GatewayState>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.0.served.fetch_add(1, Ordering::SeqCst);
    }
}
