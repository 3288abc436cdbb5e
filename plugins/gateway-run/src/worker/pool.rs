//! The workers together: start, swap, stop.

use super::listen::Bound;
use super::serve;
use super::shared::Shared;
use crate::snapshot::Snapshot;
use crate::upstream::Tls;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long a worker may take to answer a swap; it only has to store a pointer.
const SWAP: Duration = Duration::from_secs(10);

/// What a worker is told.
pub(crate) enum Command {
    /// Serve this from now on, and say so.
    Swap(Arc<Snapshot>, mpsc::Sender<()>),
    /// Take no more connections, drain, and end by then.
    Stop(Duration),
}

/// What one worker is made of.
pub(crate) struct Seat {
    pub(crate) listener: TcpListener,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) tls: Tls,
    pub(crate) commands: UnboundedReceiver<Command>,
    /// Milliseconds since the start, written by the worker's loop.
    pub(crate) beat: Arc<AtomicU64>,
}

struct Worker {
    commands: UnboundedSender<Command>,
    thread: JoinHandle<()>,
    beat: Arc<AtomicU64>,
}

/// Every worker of a gateway.
pub(crate) struct Pool {
    workers: Vec<Worker>,
    started: Instant,
}

impl Pool {
    /// Starts one worker per socket.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        bound: Bound,
        snapshot: &Arc<Snapshot>,
        shared: &Arc<Shared>,
        tls: &Tls,
    ) -> std::io::Result<Self> {
        let mut workers = Vec::new();
        for (n, listener) in bound.listeners.into_iter().enumerate() {
            let (sender, commands) = unbounded_channel();
            let beat = Arc::new(AtomicU64::new(0));
            let seat = Seat {
                listener,
                snapshot: Arc::clone(snapshot),
                shared: Arc::clone(shared),
                tls: tls.clone(),
                commands,
                beat: Arc::clone(&beat),
            };
            let thread = std::thread::Builder::new()
                .name(format!("worker-{n}"))
                .spawn(move || serve::run(seat))?;
            workers.push(Worker {
                commands: sender,
                thread,
                beat,
            });
        }
        Ok(Self {
            workers,
            started: shared.started,
        })
    }

    /// Puts a snapshot in force everywhere; true once every worker has it.
    pub(crate) fn swap(&self, snapshot: &Arc<Snapshot>) -> bool {
        let (done, answers) = mpsc::channel();
        for worker in &self.workers {
            // A worker that is gone cannot answer, which the count below finds.
            drop(
                worker
                    .commands
                    .send(Command::Swap(Arc::clone(snapshot), done.clone())),
            );
        }
        drop(done);
        let deadline = Instant::now() + SWAP;
        let answered = self.workers.iter().filter(|_| {
            answers
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .is_ok()
        });
        answered.count() == self.workers.len()
    }

    /// Whether every worker's loop has turned within `age`.
    pub(crate) fn alive(&self, age: Duration) -> bool {
        let now = self.started.elapsed();
        self.workers.iter().all(|w| {
            let beat = Duration::from_millis(w.beat.load(Ordering::Relaxed));
            !w.thread.is_finished() && now.saturating_sub(beat) < age
        })
    }

    /// Drains and ends every worker.
    pub(crate) fn stop(self, drain: Duration) {
        for worker in &self.workers {
            drop(worker.commands.send(Command::Stop(drain)));
        }
        for worker in self.workers {
            // A worker that panicked has already said so.
            drop(worker.thread.join());
        }
    }
}
