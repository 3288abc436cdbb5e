//! The configuration of a worker thread, and the commands it takes.

use crate::snapshot::Snapshot;
use crate::state::GatewayState;
use crate::upstream::TlsConfig;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// A command to a worker.
pub(super) enum WorkerCommand {
    /// Serve this snapshot from now on, and acknowledge.
    Swap(Arc<Snapshot>, Sender<()>),
    /// Close the listener, drain for at most this long, and end.
    Stop(Duration),
}

/// The parts of one worker.
pub(super) struct WorkerConfig {
    pub(super) listener: TcpListener,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) state: Arc<GatewayState>,
    pub(super) tls: TlsConfig,
    pub(super) commands: UnboundedReceiver<WorkerCommand>,
    /// Milliseconds since the start, written by the worker's event loop.
    pub(super) heartbeat: Arc<AtomicU64>,
}
