//! The worker threads of a gateway: start, swap, stop.

use super::config::{WorkerCommand, WorkerConfig};
use super::serve;
use crate::listener::BoundSockets;
use crate::snapshot::Snapshot;
use crate::state::GatewayState;
use crate::upstream::TlsConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The time limit for a worker to acknowledge a swap; it only stores a pointer.
const SWAP_TIMEOUT: Duration = Duration::from_secs(10);

struct Worker {
    commands: UnboundedSender<WorkerCommand>,
    thread: JoinHandle<()>,
    heartbeat: Arc<AtomicU64>,
}

/// All workers of a gateway.
pub(crate) struct Pool {
    workers: Vec<Worker>,
    started: Instant,
}

impl Pool {
    /// Starts one worker per socket.
    ///
    /// # Errors
    /// When a thread cannot be created.
    pub(crate) fn start(
        sockets: BoundSockets,
        snapshot: &Arc<Snapshot>,
        state: &Arc<GatewayState>,
        tls: &TlsConfig,
    ) -> std::io::Result<Self> {
        let mut workers = Vec::new();
        for (n, listener) in sockets.listeners.into_iter().enumerate() {
            let (sender, commands) = unbounded_channel();
            let heartbeat = Arc::new(AtomicU64::new(0));
            let config = WorkerConfig {
                listener,
                snapshot: Arc::clone(snapshot),
                state: Arc::clone(state),
                tls: tls.clone(),
                commands,
                heartbeat: Arc::clone(&heartbeat),
            };
            let thread = std::thread::Builder::new()
                .name(format!("worker-{n}"))
                .spawn(move || serve::run(config))?;
            workers.push(Worker {
                commands: sender,
                thread,
                heartbeat,
            });
        }
        Ok(Self {
            workers,
            started: state.started,
        })
    }

    /// Activates a snapshot in every worker; true once all have acknowledged it.
    pub(crate) fn swap(&self, snapshot: &Arc<Snapshot>) -> bool {
        let (acknowledge, acknowledged) = mpsc::channel();
        for worker in &self.workers {
            let command = WorkerCommand::Swap(Arc::clone(snapshot), acknowledge.clone());
            // A worker that has ended does not acknowledge, which the count below finds.
            drop(worker.commands.send(command));
        }
        drop(acknowledge);
        let deadline = Instant::now() + SWAP_TIMEOUT;
        let swapped = self.workers.iter().filter(|_| {
            acknowledged
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .is_ok()
        });
        swapped.count() == self.workers.len()
    }

    /// Whether every worker's event loop has run within `age`.
    pub(crate) fn is_alive(&self, age: Duration) -> bool {
        let now = self.started.elapsed();
        self.workers.iter().all(|w| {
            let heartbeat = Duration::from_millis(w.heartbeat.load(Ordering::Relaxed));
            !w.thread.is_finished() && now.saturating_sub(heartbeat) < age
        })
    }

    /// Drains and ends every worker.
    pub(crate) fn stop(self, drain: Duration) {
        for worker in &self.workers {
            drop(worker.commands.send(WorkerCommand::Stop(drain)));
        }
        for worker in self.workers {
            // The panic of a worker has been logged already.
            drop(worker.thread.join());
        }
    }
}
