//! The thread that polls the control plane for the desired configuration.

use crate::halt::Halts;
use kt_control_api::{
    Client, DesiredQuery, DesiredResponse, InstanceId, PollOutcome, Transport, jitter,
    random_duration,
};
use kt_plugin_api::Context;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The backoff after errors: doubled from the first to the last.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// The longest pause that the control plane may request, seconds.
const MAX_REQUESTED_PAUSE: u16 = 300;
/// Requested pauses are whole seconds: instances that received the same one are
/// spread over this time.
const SPREAD: Duration = Duration::from_secs(1);

/// A result of the poll.
pub(super) enum PollEvent {
    /// A response to be handled.
    Desired(Box<DesiredResponse>),
    /// The control plane responded without a change.
    Connected,
    /// Nothing but the halt has changed, which is done already.
    HaltChanged,
    /// The control plane cannot be reached.
    Disconnected(String),
}

/// When to poll again.
enum NextPoll {
    Now,
    After(Duration),
    /// After the backoff, and at least this pause.
    Backoff(Duration),
}

/// The epoch and index that were handled last.
#[derive(Debug, Clone, Default)]
pub(super) struct Position {
    pub(super) epoch: Option<String>,
    pub(super) index: u64,
}

/// Polls until the call is cancelled. After each [`PollEvent::Desired`] it waits for
/// the position that was reached, so that nothing is delivered twice.
pub(super) fn run<T: Transport>(
    client: &Client<T>,
    (gateway, instance): (&str, &InstanceId),
    wait: u64,
    (context, halts): (&Context<'_>, &Halts),
    events: &UnboundedSender<PollEvent>,
    positions: &Receiver<Position>,
) {
    let mut backoff = FIRST_BACKOFF;
    let Ok(mut position) = positions.recv() else {
        return;
    };
    while context.cancelled().is_none() {
        let query = DesiredQuery {
            epoch: position.epoch.clone(),
            index: position.index,
            wait,
            instance: Some(instance.clone()),
            halt_generation: Some(halts.generation()),
        };
        let (sent, next) = match client.desired(gateway, &query) {
            Ok(PollOutcome::Unchanged) => (events.send(PollEvent::Connected), NextPoll::Now),
            Ok(PollOutcome::RetryAfter(seconds)) => {
                let pause = requested_pause(Some(seconds)) + random_duration(SPREAD);
                (events.send(PollEvent::Connected), NextPoll::After(pause))
            }
            Err(error) => {
                let pause = requested_pause(error.retry_after);
                let event = PollEvent::Disconnected(error.detail);
                (events.send(event), NextPoll::Backoff(pause))
            }
            Ok(PollOutcome::Changed(mut response)) => {
                let index = response.index;
                // Not in the control loop, which may be compiling, or waiting for the control plane.
                if let Some(generation) = response.halt_generation {
                    halts.set_by_control_plane(response.halt.take(), generation);
                }
                if !response.reset && index == position.index {
                    if events.send(PollEvent::HaltChanged).is_err() {
                        return;
                    }
                    backoff = FIRST_BACKOFF;
                    continue;
                }
                let sent = events.send(PollEvent::Desired(response));
                let Ok(reached) = positions.recv() else {
                    return;
                };
                position = reached;
                // What could not be handled is delivered again, but not at once.
                let next = if position.index >= index {
                    NextPoll::Now
                } else {
                    NextPoll::Backoff(Duration::ZERO)
                };
                (sent, next)
            }
        };
        if sent.is_err() {
            return;
        }
        match next {
            NextPoll::Now => backoff = FIRST_BACKOFF,
            NextPoll::After(pause) => {
                backoff = FIRST_BACKOFF;
                let _reason = context.wait_cancelled(pause);
            }
            NextPoll::Backoff(pause) => {
                let _reason = context.wait_cancelled(pause + jitter(backoff));
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}

/// The pause that the control plane requests.
pub(super) fn requested_pause(seconds: Option<u16>) -> Duration {
    Duration::from_secs(seconds.unwrap_or(0).min(MAX_REQUESTED_PAUSE).into())
}

#[cfg(test)]
mod tests {
    use super::{jitter, requested_pause};
    use std::time::Duration;

    #[test]
    fn a_pause_is_jitter_and_never_shorter_than_requested() {
        let requested = Duration::from_secs(7);
        let base = Duration::from_secs(8);
        let all: Vec<_> = (0..100)
            .map(|_| requested_pause(Some(7)) + jitter(base))
            .collect();
        assert!(all.iter().all(|pause| *pause >= requested + base / 2));
        assert!(all.iter().any(|pause| *pause != all[0]));
        assert_eq!(requested_pause(None), Duration::ZERO);
        assert_eq!(requested_pause(Some(u16::MAX)), Duration::from_secs(300));
    }
}
