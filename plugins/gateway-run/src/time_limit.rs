//! Time limits, of which few expire.
//!
//! A timer of tokio is entered in its wheel and removed again, with a lock each, for every wait
//! of every request. Here a limit is an entry in a list of the thread, and one timer waits for
//! the earliest of those that were there when it was set.

use hyper::rt::{Sleep, Timer};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::sleep_until;

/// The minimum time between two looks at the list, so that many limits that expire one after
/// the other do not cost the square of their number.
const MIN_INTERVAL: Duration = Duration::from_millis(5);

thread_local! {
    static LIMITS: Rc<Limits> = Rc::default();
}

/// The limits of a thread.
#[derive(Default)]
struct Limits {
    entries: RefCell<Vec<Entry>>,
    /// Entries that can be used again.
    free: RefCell<Vec<usize>>,
    /// When the task looks at the entries next; `None` if there is no task.
    next: Cell<Option<Instant>>,
    /// Tells the task that `next` is earlier now.
    is_earlier: Notify,
}

enum Entry {
    Free,
    Waiting(Instant, Waker),
    Expired,
}

/// A limit had expired.
#[derive(Debug)]
pub(crate) struct Elapsed;

/// Waits for a future at most for a time; see [`timeout_at`].
///
/// # Errors
/// When the time is over.
pub(crate) async fn timeout<F: Future + Unpin>(
    limit: Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    timeout_by(|| Instant::now() + limit, future).await
}

/// Waits for a future until a deadline; see [`timeout_by`].
///
/// # Errors
/// When the deadline has passed.
pub(crate) async fn timeout_at<F: Future + Unpin>(
    deadline: Instant,
    future: F,
) -> Result<F::Output, Elapsed> {
    timeout_by(|| deadline, future).await
}

/// Waits for a future until a deadline, which is asked for when there is something to wait for:
/// it may need the clock. The future is pinned by the caller, since it would be
/// copied otherwise: those of a connection have some thousand bytes.
///
/// # Errors
/// When the deadline has passed.
pub(crate) async fn timeout_by<F: Future + Unpin>(
    deadline: impl Fn() -> Instant,
    mut future: F,
) -> Result<F::Output, Elapsed> {
    let mut limit = None;
    poll_fn(|cx| match Pin::new(&mut future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => {
            let limit = limit.get_or_insert_with(|| TimeLimit::new(deadline()));
            limit.poll_expired(cx).map(|()| Err(Elapsed))
        }
    })
    .await
}

/// A limit, which has an entry from the first time that it is polled.
struct TimeLimit {
    deadline: Instant,
    entry: Option<usize>,
}

impl TimeLimit {
    fn new(deadline: Instant) -> Self {
        let entry = None;
        Self { deadline, entry }
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        LIMITS.with(|limits| {
            let entry = *self.entry.get_or_insert_with(|| limits.reserve());
            limits.poll(entry, self.deadline, cx.waker())
        })
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            // Fails only when the thread has ended.
            let _ended = LIMITS.try_with(|limits| limits.release(entry));
        }
    }
}

impl Limits {
    fn reserve(&self) -> usize {
        if let Some(entry) = self.free.borrow_mut().pop() {
            return entry;
        }
        let mut entries = self.entries.borrow_mut();
        entries.push(Entry::Free);
        entries.len() - 1
    }

    fn release(&self, entry: usize) {
        if let Some(slot) = self.entries.borrow_mut().get_mut(entry) {
            *slot = Entry::Free;
            self.free.borrow_mut().push(entry);
        }
    }

    fn poll(&self, entry: usize, deadline: Instant, waker: &Waker) -> Poll<()> {
        let mut entries = self.entries.borrow_mut();
        match entries.get_mut(entry) {
            Some(Entry::Waiting(_, known)) => known.clone_from(waker),
            Some(entry @ Entry::Free) => {
                *entry = Entry::Waiting(deadline, waker.clone());
                drop(entries);
                self.wait_until(deadline);
            }
            Some(Entry::Expired) | None => return Poll::Ready(()),
        }
        Poll::Pending
    }

    /// Lets the task look at the entries at `deadline`, or before.
    fn wait_until(&self, deadline: Instant) {
        match self.next.get() {
            Some(next) if next <= deadline => {}
            Some(_) => {
                self.next.set(Some(deadline));
                self.is_earlier.notify_one();
            }
            None => {
                self.next.set(Some(deadline));
                LIMITS.with(|limits| spawn_local(expire(Rc::clone(limits))));
            }
        }
    }

    /// Wakes those that wait for limits that have expired, and returns the earliest other.
    fn expire(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut earliest: Option<Instant> = None;
        let mut expired = Vec::new();
        for entry in self.entries.borrow_mut().iter_mut() {
            match entry {
                Entry::Waiting(deadline, _) if *deadline <= now => {
                    if let Entry::Waiting(_, waker) = std::mem::replace(entry, Entry::Expired) {
                        expired.push(waker);
                    }
                }
                Entry::Waiting(deadline, _) => {
                    earliest = Some(earliest.map_or(*deadline, |other| other.min(*deadline)));
                }
                Entry::Free | Entry::Expired => {}
            }
        }
        expired.into_iter().for_each(Waker::wake);
        earliest.map(|earliest| earliest.max(now + MIN_INTERVAL))
    }
}

/// Expires limits as long as there are any.
async fn expire(limits: Rc<Limits>) {
    // A runtime that ends drops its tasks.
    let limits = ExpiryTask(limits);
    while let Some(next) = limits.0.next.get() {
        tokio::select! {
            () = sleep_until(next.into()) => limits.0.next.set(limits.0.expire()),
            () = limits.0.is_earlier.notified() => {}
        }
    }
}

struct ExpiryTask(Rc<Limits>);

impl Drop for ExpiryTask {
    fn drop(&mut self) {
        self.0.next.set(None);
    }
}

/// The timer of HTTP/1.1 servers, which limits the time for each head.
pub(crate) struct HeadTimer;

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(TimeLimit::new(deadline))
    }
}

impl Sleep for TimeLimit {}

impl Future for TimeLimit {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_expired(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMITS, timeout};
    use std::future::{Future, pending, ready};
    use std::pin::pin;
    use std::time::{Duration, Instant};
    use tokio::task::{LocalSet, spawn_local};

    const LONG: Duration = Duration::from_secs(3600);

    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, test);
    }

    #[test]
    fn limits_expire_in_their_order_and_not_early() {
        run(async {
            let start = Instant::now();
            let long = spawn_local(timeout(LONG, pending::<()>()));
            tokio::task::yield_now().await;
            for milliseconds in [30, 1, 10] {
                let limit = Duration::from_millis(milliseconds);
                let before = start.elapsed();
                timeout(limit, pending::<()>()).await.unwrap_err();
                assert!(start.elapsed() >= before + limit);
            }
            assert!(!long.is_finished());
        });
        // The next runtime of the thread has a task of its own.
        run(async {
            let limit = Duration::from_millis(1);
            timeout(limit, pending::<()>()).await.unwrap_err();
        });
    }

    #[test]
    fn what_is_ready_needs_no_entry_and_entries_are_used_again() {
        run(async {
            timeout(LONG, ready(())).await.unwrap();
            assert!(LIMITS.with(|limits| limits.entries.borrow().is_empty()));
            for _ in 0..3 {
                timeout(LONG, pin!(tokio::task::yield_now())).await.unwrap();
            }
            assert_eq!(LIMITS.with(|limits| limits.entries.borrow().len()), 1);
        });
    }
}
