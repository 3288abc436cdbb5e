//! The write queue of a store in a file: one thread executes all writes, and commits those that
//! are queued at the same time in one transaction.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use kt_control_api::{Problem, ProblemCode, Request, Timestamp};
use tokio::sync::oneshot;

use super::blocking::internal_error;
use crate::api::{Api, ApiError, BackgroundWriter, Principal, Reply};
use crate::metrics::{GaugeGuard, Metrics};
use crate::store::{AuditEvent, ChangeContext, LeaseRenewal, SqliteStore, StoreError, TokenUse};
use crate::validator::ValidationResult;

/// Largest number of queued writes. Further ones are rejected as `storage-busy`.
const CAPACITY: usize = 4096;
/// Largest number of writes in one transaction, and the time after which no further one is started
/// in it: the first one is answered only after the last one.
const MAX_BATCH: usize = 256;
const MAX_BATCH_TIME: Duration = Duration::from_millis(20);

type WriteResult = Result<Reply, ApiError>;

/// Accepts writes. Cheap to clone.
#[derive(Clone)]
pub(super) struct WriteQueue {
    sender: SyncSender<QueuedWrite>,
    metrics: Arc<Metrics>,
}

/// The thread that executes the writes. It ends when the last [`WriteQueue`] is dropped.
pub(super) struct WriterThread(JoinHandle<()>);

/// A write, and where to send its result.
struct QueuedWrite {
    write: Write,
    result: oneshot::Sender<WriteResult>,
    guard: GaugeGuard,
}

/// A write to the store.
enum Write {
    /// A request, with the result of validating its configuration.
    Request(Request, Principal, Option<ValidationResult>),
    /// An audit event.
    AuditEvent(ChangeContext, AuditEvent),
    /// When tokens were used.
    TokenUses(Vec<TokenUse>),
    /// States of gateways.
    States(Timestamp),
    /// Renewals of leases.
    Leases(Vec<LeaseRenewal>),
}

impl Write {
    fn execute(&self, api: &Api) -> WriteResult {
        match self {
            Self::Request(request, caller, validation) => {
                Ok(api.handle_validated(request, caller, validation.as_ref()))
            }
            Self::AuditEvent(change, event) => {
                without_reply(api, api.store().record_audit_event(change, event))
            }
            Self::TokenUses(uses) => without_reply(api, api.store().record_token_uses(uses)),
            Self::States(now) => without_reply(api, api.store().settle_states(*now).map(|_| ())),
            Self::Leases(renewals) => without_reply(api, api.store().renew_leases(renewals)),
        }
    }
}

fn without_reply(api: &Api, result: Result<(), StoreError>) -> WriteResult {
    result
        .map(|()| Reply::no_content())
        .map_err(|error| api.store_error(error))
}

impl WriteQueue {
    /// Starts the thread. `session` is the store of `api`.
    pub(super) fn start(
        session: Arc<SqliteStore>,
        api: Api,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, WriterThread), io::Error> {
        let (sender, receiver) = sync_channel(CAPACITY);
        let thread_metrics = Arc::clone(&metrics);
        let run = move || run(&session, &api, &thread_metrics, &receiver);
        let thread = Builder::new().name("write-queue".to_owned()).spawn(run)?;
        Ok((Self { sender, metrics }, WriterThread(thread)))
    }

    /// Executes a request. Returns after its transaction is durable.
    pub(super) async fn execute(
        &self,
        request: Request,
        caller: Principal,
        validation: Option<ValidationResult>,
    ) -> WriteResult {
        let result = self.enqueue(Write::Request(request, caller, validation))?;
        result.await.unwrap_or_else(|_| Err(internal_error()))
    }

    fn enqueue(&self, write: Write) -> Result<oneshot::Receiver<WriteResult>, ApiError> {
        let (sender, receiver) = oneshot::channel();
        let queued = QueuedWrite {
            write,
            result: sender,
            guard: self.metrics.write_queued(),
        };
        match self.sender.try_send(queued) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => {
                let detail = format!("{CAPACITY} writes are queued already");
                Err(Box::new(Problem::new(ProblemCode::StorageBusy, detail)))
            }
            Err(TrySendError::Disconnected(_)) => Err(internal_error()),
        }
    }

    /// Executes a write and waits for the disk, so it must not run on the event loop.
    fn execute_blocking(&self, write: Write) -> Result<(), ApiError> {
        let result = self.enqueue(write)?.blocking_recv();
        result.unwrap_or_else(|_| Err(internal_error())).map(drop)
    }
}

impl BackgroundWriter for WriteQueue {
    fn record_audit_event(&self, change: ChangeContext, event: AuditEvent) -> Result<(), ApiError> {
        self.execute_blocking(Write::AuditEvent(change, event))
    }

    fn record_token_uses(&self, uses: Vec<TokenUse>) -> Result<(), ApiError> {
        self.execute_blocking(Write::TokenUses(uses))
    }

    fn settle_states(&self, now: Timestamp) -> Result<(), ApiError> {
        self.execute_blocking(Write::States(now))
    }

    fn renew_leases(&self, renewals: Vec<LeaseRenewal>) -> Result<(), ApiError> {
        self.execute_blocking(Write::Leases(renewals))
    }
}

impl WriterThread {
    /// Waits until all queued writes are executed.
    pub(super) fn join(self) {
        // A panic was logged where it was caught.
        drop(self.0.join());
    }
}

fn run(session: &SqliteStore, api: &Api, metrics: &Metrics, receiver: &Receiver<QueuedWrite>) {
    let mut batch = VecDeque::new();
    loop {
        if batch.is_empty() {
            let Ok(first) = receiver.recv() else { return };
            batch.push_back(first);
        }
        batch.extend(receiver.try_iter().take(MAX_BATCH - batch.len()));
        let mut executed = Vec::new();
        let commit =
            AssertUnwindSafe(|| commit_batch(session, api, metrics, &mut batch, &mut executed));
        let Ok(committed) = catch_unwind(commit) else {
            // The transaction was rolled back, and the closed channels report that.
            tracing::error!("a write panicked; its transaction was rolled back");
            continue;
        };
        // The queued writes have waited as long as the batch that failed, and must not wait as long
        // once more. They are taken before a result is sent: a write after that may succeed.
        let failed: Vec<_> = match &committed {
            Ok(()) => Vec::new(),
            Err(_) => batch.drain(..).chain(receiver.try_iter()).collect(),
        };
        for (sender, result) in executed {
            // The client may have closed the connection.
            drop(sender.send(committed.clone().and(result)));
        }
        for queued in failed {
            drop(
                queued
                    .result
                    .send(committed.clone().map(|()| Reply::no_content())),
            );
        }
    }
}

/// Executes queued writes in one transaction. Their results are to be sent once it is durable.
///
/// Writes that arrive meanwhile are left for the next batch: including them would leave the event
/// loop without work until all are answered at once, which was measured to reduce throughput by a
/// seventh.
///
/// # Errors
/// When the transaction was not committed.
fn commit_batch(
    session: &SqliteStore,
    api: &Api,
    metrics: &Metrics,
    batch: &mut VecDeque<QueuedWrite>,
    executed: &mut Vec<(oneshot::Sender<WriteResult>, WriteResult)>,
) -> Result<(), ApiError> {
    let mut commit_start = Instant::now();
    let committed = session.group_commit(|| {
        let start = Instant::now();
        while let Some(queued) = batch.pop_front() {
            drop(queued.guard);
            executed.push((queued.result, queued.write.execute(api)));
            if start.elapsed() >= MAX_BATCH_TIME {
                break;
            }
        }
        commit_start = Instant::now();
    });
    if committed.is_ok() {
        metrics.observe_commit(executed.len(), commit_start.elapsed());
    }
    committed.map_err(|error| {
        tracing::error!(%error, "a transaction was rolled back");
        api.store_error(error)
    })
}
