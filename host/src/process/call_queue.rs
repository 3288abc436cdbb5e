//! What a running call receives.

use crate::rpc::RpcError;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A plugin that emits faster than the host prints waits when so many messages are
/// queued.
const CAPACITY: usize = 256;

/// What happened to a running call.
pub(crate) enum CallEvent {
    /// The plugin requests or reports something; a notification has no id.
    Request {
        id: Option<Value>,
        method: String,
        params: String,
    },
    /// The plugin responded: the call is over.
    Response(Result<String, RpcError>),
    /// The process ended: the call is over.
    Ended,
    /// [`CallQueue::wake`] was called.
    Woken,
    /// Nothing happened in time.
    TimedOut,
}

/// The queue of one call.
#[derive(Default)]
pub(crate) struct CallQueue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    events: VecDeque<CallEvent>,
    woken: bool,
    ended: bool,
    /// Nobody waits for the events anymore.
    closed: bool,
}

impl CallQueue {
    /// Adds an event, and waits for room in the queue before.
    pub(super) fn push(&self, event: CallEvent) {
        let full = |state: &mut State| state.events.len() >= CAPACITY && !state.closed;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.emptied.wait_while(state, full);
        state
            .unwrap_or_else(PoisonError::into_inner)
            .events
            .push_back(event);
        self.filled.notify_one();
    }

    /// Returns the events so far, and then [`CallEvent::Ended`].
    pub(super) fn end(&self) {
        self.change(|state| state.ended = true);
    }

    /// Wakes the waiting call, which looks at its cancellation.
    pub(crate) fn wake(&self) {
        self.change(|state| state.woken = true);
    }

    pub(super) fn close(&self) {
        self.change(|state| {
            state.closed = true;
            state.events.clear();
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.filled.notify_one();
        self.emptied.notify_one();
    }

    /// Waits for the next event.
    pub(super) fn next(&self, timeout: Option<Duration>) -> CallEvent {
        let empty = |state: &mut State| state.events.is_empty() && !state.woken && !state.ended;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = match timeout {
            None => self
                .filled
                .wait_while(state, empty)
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                self.filled
                    .wait_timeout_while(state, timeout, empty)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        if std::mem::take(&mut state.woken) {
            return CallEvent::Woken;
        }
        if let Some(event) = state.events.pop_front() {
            self.emptied.notify_one();
            return event;
        }
        if state.ended {
            CallEvent::Ended
        } else {
            CallEvent::TimedOut
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, CallEvent, CallQueue};
    use std::time::Duration;

    fn response() -> CallEvent {
        CallEvent::Response(Ok("1".to_owned()))
    }

    #[test]
    fn events_precede_the_end() {
        let queue = CallQueue::default();
        queue.push(response());
        queue.end();
        queue.wake();
        assert!(matches!(queue.next(None), CallEvent::Woken));
        assert!(matches!(queue.next(None), CallEvent::Response(_)));
        assert!(matches!(queue.next(None), CallEvent::Ended));
    }

    #[test]
    fn a_wait_has_an_end() {
        let timeout = Some(Duration::ZERO);
        assert!(matches!(
            CallQueue::default().next(timeout),
            CallEvent::TimedOut
        ));
    }

    #[test]
    fn a_full_queue_blocks_until_it_is_read_or_closed() {
        let queue = CallQueue::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..CAPACITY * 2).for_each(|_| queue.push(response())));
            for _ in 0..CAPACITY {
                assert!(matches!(queue.next(None), CallEvent::Response(_)));
            }
            queue.close();
        });
    }
}
