//! Waits for the cancellation of a call, with and without tokio.
//!
//! The descriptor of a context becomes readable when a signal cancels the call, so that
//! neither kind of wait needs an interval at which it looks for the cancellation.

use kt_plugin_api::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::future::{Future, pending};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};
use tokio::net::unix::pipe::Receiver;

/// The interval of a wait in tokio if the descriptor cannot be registered: it is not a
/// pipe, as kt's is, or a limit is reached.
const FALLBACK_INTERVAL: Duration = Duration::from_millis(50);

/// Why a caller stops waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// The caller cancelled the call.
    Signal,
    /// The deadline is over.
    Deadline,
}

/// When a caller stops waiting: at a signal, or at a deadline.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cancellation<'a> {
    signal: Option<BorrowedFd<'a>>,
    deadline: Option<Instant>,
}

impl<'a> Cancellation<'a> {
    /// Returns the cancellation at `signal`, which becomes readable, or at `deadline`.
    #[must_use]
    pub fn new(signal: Option<BorrowedFd<'a>>, deadline: Option<Instant>) -> Self {
        Self { signal, deadline }
    }

    /// Returns the cancellation of a call.
    #[must_use]
    pub fn of(context: &Context<'a>) -> Self {
        // A deadline beyond the range of the clock is no deadline.
        let deadline = context
            .remaining()
            .and_then(|left| Instant::now().checked_add(left));
        Self::new(context.cancel_fd(), deadline)
    }

    /// Returns why the caller has stopped waiting, if it has.
    #[must_use]
    pub fn reason(&self) -> Option<CancelReason> {
        // First, because the host may cancel a call whose deadline is over.
        if self.left() == Some(Duration::ZERO) {
            return Some(CancelReason::Deadline);
        }
        self.is_readable(Duration::ZERO)
            .then_some(CancelReason::Signal)
    }

    /// Sleeps until the caller stops waiting, but not longer than `timeout`.
    #[must_use]
    pub fn sleep(&self, timeout: Duration) -> Option<CancelReason> {
        let end = Instant::now().checked_add(timeout);
        loop {
            if let Some(reason) = self.reason() {
                return Some(reason);
            }
            let left = end.map_or(timeout, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return None;
            }
            self.is_readable(self.left().map_or(left, |deadline| deadline.min(left)));
        }
    }

    /// Waits until the caller stops waiting, in a runtime of tokio with I/O and time.
    pub async fn wait(&self) -> CancelReason {
        let deadline = async {
            match self.deadline {
                Some(end) => tokio::time::sleep_until(end.into()).await,
                None => pending().await,
            }
        };
        let mut deadline = std::pin::pin!(deadline);
        let mut signal = std::pin::pin!(self.signal());
        std::future::poll_fn(|context| {
            if deadline.as_mut().poll(context).is_ready() {
                return CancelReason::Deadline.into();
            }
            signal.as_mut().poll(context).map(|()| CancelReason::Signal)
        })
        .await
    }

    async fn signal(&self) {
        let Some(signal) = self.signal else {
            return pending().await;
        };
        // A duplicate, because `AsyncFd` would need `unsafe` to borrow the original.
        let pipe = signal
            .try_clone_to_owned()
            .and_then(Receiver::from_owned_fd);
        if let Ok(pipe) = pipe
            && pipe.readable().await.is_ok()
        {
            return;
        }
        while !self.is_readable(Duration::ZERO) {
            tokio::time::sleep(FALLBACK_INTERVAL).await;
        }
    }

    /// Waits until the signal is readable, and returns whether it is.
    fn is_readable(&self, timeout: Duration) -> bool {
        let Some(signal) = &self.signal else {
            std::thread::sleep(timeout);
            return false;
        };
        let timeout = Timespec::try_from(timeout).ok();
        // After an error such as EINTR the caller looks again.
        let ready = poll(&mut [PollFd::new(signal, PollFlags::IN)], timeout.as_ref());
        ready.is_ok_and(|ready| ready > 0)
    }

    fn left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::{CancelReason, Cancellation};
    use std::os::fd::AsFd;
    use std::time::{Duration, Instant};

    const LONG: Duration = Duration::from_hours(1);

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    /// Both would take an hour if the descriptor did not end them.
    #[test]
    fn a_signal_ends_a_wait() {
        let (reader, writer) = std::io::pipe().unwrap();
        let cancellation = Cancellation::new(Some(reader.as_fd()), Some(Instant::now() + LONG));
        assert_eq!(cancellation.reason(), None);
        std::thread::scope(|scope| {
            let blocking = scope.spawn(|| cancellation.sleep(LONG));
            let in_tokio = scope.spawn(|| runtime().block_on(cancellation.wait()));
            drop(writer);
            assert_eq!(blocking.join().unwrap(), Some(CancelReason::Signal));
            assert_eq!(in_tokio.join().unwrap(), CancelReason::Signal);
        });
        assert_eq!(cancellation.reason(), Some(CancelReason::Signal));
        assert_eq!(cancellation.sleep(LONG), Some(CancelReason::Signal));
    }

    #[test]
    fn a_deadline_ends_a_wait() {
        let (reader, _writer) = std::io::pipe().unwrap();
        for signal in [Some(reader.as_fd()), None] {
            let soon = Instant::now() + Duration::from_millis(5);
            let cancellation = Cancellation::new(signal, Some(soon));
            assert_eq!(cancellation.sleep(LONG), Some(CancelReason::Deadline));
            let reason = runtime().block_on(cancellation.wait());
            assert_eq!(reason, CancelReason::Deadline);
        }
    }

    #[test]
    fn the_time_ends_a_sleep() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let cancellation = Cancellation::new(Some(reader.as_fd()), None);
        assert_eq!(cancellation.sleep(Duration::from_millis(1)), None);
        assert_eq!(
            Cancellation::default().sleep(Duration::from_millis(1)),
            None
        );
    }
}
