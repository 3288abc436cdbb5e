//! Changes of a store in a file: one thread carries them out, those that wait at the same time in
//! one transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use std::{io, iter};

use kt_control_api::{Problem, Request, Slug};
use tokio::sync::oneshot;

use super::connection::ran_into_a_bug;
use crate::api::{Api, Handled, Principal};
use crate::store::Sqlite;

/// Most changes that wait. Whoever comes then is told to come again.
const WAITING: usize = 4096;
/// Most changes in one transaction, and how long to go on taking them in: the first is answered
/// when the last is carried out.
const LARGEST: usize = 256;
const LONGEST: Duration = Duration::from_millis(20);

type Outcome = Result<Handled, Box<Problem>>;

/// Takes changes in.
pub(super) struct Changes {
    queue: SyncSender<Wanted>,
}

/// The thread that carries them out. It ends when nothing takes changes in any more.
pub(super) struct Worker(JoinHandle<()>);

/// A change that somebody waits for.
struct Wanted {
    request: Request,
    caller: Principal,
    answer: oneshot::Sender<Outcome>,
}

impl Changes {
    /// Starts the thread. `session` is the store of `api`.
    pub(super) fn start(session: Arc<Sqlite>, api: Api) -> Result<(Self, Worker), io::Error> {
        let (queue, waiting) = sync_channel(WAITING);
        let work = move || carry_out(&session, &api, &waiting);
        let thread = Builder::new().name("changes".to_owned()).spawn(work)?;
        Ok((Self { queue }, Worker(thread)))
    }

    /// Carries a change out; the answer tells what lasts.
    pub(super) async fn carry_out(&self, request: Request, caller: Principal) -> Outcome {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted {
            request,
            caller,
            answer,
        };
        match self.queue.try_send(wanted) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(ran_into_a_bug())),
            Err(TrySendError::Full(_)) => {
                let detail = format!("{WAITING} changes wait already");
                Err(Box::new(Problem::new(Slug::StorageBusy, detail)))
            }
            Err(TrySendError::Disconnected(_)) => Err(ran_into_a_bug()),
        }
    }
}

impl Worker {
    /// Waits until everything that was taken in is carried out.
    pub(super) fn end(self) {
        // What a panic had to say was logged where it was caught.
        drop(self.0.join());
    }
}

fn carry_out(session: &Sqlite, api: &Api, waiting: &Receiver<Wanted>) {
    while let Ok(first) = waiting.recv() {
        let together = AssertUnwindSafe(|| together(session, api, waiting, first));
        if catch_unwind(together).is_err() {
            // All of them were taken back, and those who wait learn it by their channels' end.
            tracing::error!("a change ran into a bug, and others were given up with it");
        }
    }
}

/// Carries out what waits, in one transaction, and answers once it lasts.
fn together(session: &Sqlite, api: &Api, waiting: &Receiver<Wanted>, first: Wanted) {
    let mut done = Vec::new();
    let mut next = Some(first);
    let begun = Instant::now();
    let kept = session.together(|| {
        while let Some(wanted) = next.take() {
            let handled = api.begin(&wanted.request, &wanted.caller);
            done.push((wanted.answer, handled));
            if done.len() < LARGEST && begun.elapsed() < LONGEST {
                next = waiting.try_recv().ok();
            }
        }
    });
    let lost = kept.err().map(|error| {
        tracing::error!(%error, "changes were taken back");
        api.refused(error)
    });
    // Whoever asked may have gone.
    if let Some(lost) = lost {
        // Nobody is to wait once more for what has just kept all of them waiting.
        let others = iter::from_fn(|| waiting.try_recv().ok());
        let undone = next.into_iter().chain(others).map(|wanted| wanted.answer);
        let answers = done.into_iter().map(|(answer, _)| answer).chain(undone);
        answers.for_each(|answer| drop(answer.send(Err(lost.clone()))));
    } else {
        let answers = done.into_iter();
        answers.for_each(|(answer, handled)| drop(answer.send(Ok(handled))));
    }
}
