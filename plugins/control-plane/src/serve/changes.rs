//! Changes of a store in a file: one thread carries them out, those that wait at the same time in
//! one transaction.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use kt_control_api::{Problem, ProblemCode, Request};
use tokio::sync::oneshot;

use super::connection::ran_into_a_bug;
use crate::api::{Api, Handled, Notes, Principal, Verdict};
use crate::metrics::{Counted, Metrics};
use crate::store::{AuditEvent, ChangeContext, SqliteStore, StoreError, TokenUse};

/// Most changes that wait. Whoever comes then is told to come again.
const WAITING: usize = 4096;
/// Most changes in one transaction, and after how long no further one is begun in it: the first is
/// answered when the last is carried out.
const LARGEST: usize = 256;
const LONGEST: Duration = Duration::from_millis(20);

type Outcome = Result<Handled, Box<Problem>>;

/// Takes changes in. Cheap to clone.
#[derive(Clone)]
pub(super) struct Changes {
    queue: SyncSender<Wanted>,
    metrics: Arc<Metrics>,
}

/// The thread that carries them out. It ends when nothing takes changes in any more.
pub(super) struct Worker(JoinHandle<()>);

/// A change that somebody waits for.
struct Wanted {
    work: Work,
    answer: oneshot::Sender<Outcome>,
    counted: Counted,
}

/// What is to be carried out.
enum Work {
    /// A request, and what is known of the configuration in it.
    Request(Request, Principal, Option<Verdict>),
    /// A row of the trail.
    Note(ChangeContext, AuditEvent),
    /// When tokens were used.
    Used(Vec<TokenUse>),
}

impl Work {
    fn carry_out(&self, api: &Api) -> Outcome {
        match self {
            Self::Request(request, caller, verdict) => {
                Ok(api.begin_judged(request, caller, verdict.as_ref()))
            }
            Self::Note(change, note) => written(api, api.store().record_audit_event(change, note)),
            Self::Used(uses) => written(api, api.store().record_token_uses(uses)),
        }
    }
}

fn written(api: &Api, done: Result<(), StoreError>) -> Outcome {
    done.map(|()| Handled::nothing())
        .map_err(|error| api.refused(error))
}

impl Changes {
    /// Starts the thread. `session` is the store of `api`.
    pub(super) fn start(
        session: Arc<SqliteStore>,
        api: Api,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, Worker), io::Error> {
        let (queue, waiting) = sync_channel(WAITING);
        let measured = Arc::clone(&metrics);
        let work = move || carry_out(&session, &api, &measured, &waiting);
        let thread = Builder::new().name("changes".to_owned()).spawn(work)?;
        Ok((Self { queue, metrics }, Worker(thread)))
    }

    /// Carries a change out; the answer tells what lasts.
    pub(super) async fn carry_out(
        &self,
        request: Request,
        caller: Principal,
        verdict: Option<Verdict>,
    ) -> Outcome {
        let answered = self.take(Work::Request(request, caller, verdict))?;
        answered.await.unwrap_or_else(|_| Err(ran_into_a_bug()))
    }

    /// Puts work into the queue.
    fn take(&self, work: Work) -> Result<oneshot::Receiver<Outcome>, Box<Problem>> {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted {
            work,
            answer,
            counted: self.metrics.queued(),
        };
        match self.queue.try_send(wanted) {
            Ok(()) => Ok(answered),
            Err(TrySendError::Full(_)) => {
                let detail = format!("{WAITING} changes wait already");
                Err(Box::new(Problem::new(ProblemCode::StorageBusy, detail)))
            }
            Err(TrySendError::Disconnected(_)) => Err(ran_into_a_bug()),
        }
    }

    /// Waits for the disk, so not for where requests are read.
    fn wait_for(&self, work: Work) -> Result<(), Box<Problem>> {
        let outcome = self.take(work)?.blocking_recv();
        outcome.unwrap_or_else(|_| Err(ran_into_a_bug())).map(drop)
    }
}

impl Notes for Changes {
    fn note(&self, change: ChangeContext, note: AuditEvent) -> Result<(), Box<Problem>> {
        self.wait_for(Work::Note(change, note))
    }

    fn used(&self, uses: Vec<TokenUse>) -> Result<(), Box<Problem>> {
        self.wait_for(Work::Used(uses))
    }
}

impl Worker {
    /// Waits until everything that was taken in is carried out.
    pub(super) fn end(self) {
        // What a panic had to say was logged where it was caught.
        drop(self.0.join());
    }
}

fn carry_out(session: &SqliteStore, api: &Api, metrics: &Metrics, waiting: &Receiver<Wanted>) {
    let mut group = VecDeque::new();
    loop {
        if group.is_empty() {
            let Ok(first) = waiting.recv() else { return };
            group.push_back(first);
        }
        group.extend(waiting.try_iter().take(LARGEST - group.len()));
        let together = AssertUnwindSafe(|| together(session, api, metrics, &mut group));
        match catch_unwind(together) {
            Ok(None) => {}
            // Nobody is to wait once more for what has just kept all of them waiting.
            Ok(Some(lost)) => group
                .drain(..)
                .chain(waiting.try_iter())
                .for_each(|wanted| drop(wanted.answer.send(Err(lost.clone())))),
            // All of them were taken back, and those who wait learn it by their channels' end.
            Err(_) => tracing::error!("a change ran into a bug, and others were given up with it"),
        }
    }
}

/// Carries out what waits, in one transaction, and answers once it lasts. Returns why nothing of
/// it does.
///
/// What comes meanwhile is for the next one: taken in as well, it would leave those who read
/// requests and answers with nothing to do until all are answered at once, which was measured to
/// make a seventh fewer changes.
fn together(
    session: &SqliteStore,
    api: &Api,
    metrics: &Metrics,
    group: &mut VecDeque<Wanted>,
) -> Option<Box<Problem>> {
    let mut done = Vec::new();
    let mut carried_out = Instant::now();
    let kept = session.group_commit(|| {
        let begun = Instant::now();
        while let Some(wanted) = group.pop_front() {
            drop(wanted.counted);
            done.push((wanted.answer, wanted.work.carry_out(api)));
            if begun.elapsed() >= LONGEST {
                break;
            }
        }
        carried_out = Instant::now();
    });
    if kept.is_ok() {
        metrics.committed(done.len(), carried_out.elapsed());
    }
    let lost = kept.err().map(|error| {
        tracing::error!(%error, "changes were taken back");
        api.refused(error)
    });
    for (answer, outcome) in done {
        // Whoever asked may have gone.
        drop(answer.send(lost.clone().map_or(outcome, Err)));
    }
    lost
}
