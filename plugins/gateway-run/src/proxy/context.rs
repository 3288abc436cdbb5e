//! The state of a worker that its requests use.

use crate::snapshot::Snapshot;
use crate::state::GatewayState;
use crate::upstream::{ConnectionPool, TlsConfig};
use kt_control_api::RequestIds;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The state of a worker that its requests use.
pub(crate) struct ProxyContext {
    pub(super) state: Arc<GatewayState>,
    pub(super) pool: Rc<ConnectionPool>,
    pub(super) request_ids: RequestIds,
    snapshot: RefCell<Arc<Snapshot>>,
}

impl ProxyContext {
    pub(crate) fn new(state: Arc<GatewayState>, snapshot: Arc<Snapshot>, tls: TlsConfig) -> Self {
        Self {
            state,
            pool: Rc::new(ConnectionPool::new(tls)),
            request_ids: RequestIds::default(),
            snapshot: RefCell::new(snapshot),
        }
    }

    /// Returns the active snapshot; a request calls this once.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// Activates another snapshot for the requests to come.
    pub(crate) fn swap(&self, snapshot: Arc<Snapshot>) {
        self.snapshot.replace(snapshot);
    }
}
