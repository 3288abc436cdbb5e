//! The thread that waits at the control plane for something to do.

use kt_control_api::{
    Client, DesiredQuery, DesiredResponse, InstanceId, PollOutcome, Transport, jitter,
    random_duration,
};
use kt_plugin_api::Context;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// Pauses after errors: doubled from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause that the control plane may ask for.
const LONGEST_ASKED: u16 = 300;
/// Seconds are whole: within this, those who were told the same ask at different times.
const SPREAD: Duration = Duration::from_secs(1);
/// How often the end of the process is looked at while pausing.
const TICK: Duration = Duration::from_millis(100);

/// What the poll found.
pub(crate) enum News {
    /// Something to act on.
    Desired(Box<DesiredResponse>),
    /// The control plane answered: it is there.
    Connected,
    /// It did not answer.
    Away(String),
}

/// When to ask again.
enum Next {
    Now,
    After(Duration),
    /// After a pause that grows each time, and at least this one.
    Later(Duration),
}

/// The index that was acted on last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    pub(crate) epoch: Option<String>,
    pub(crate) index: u64,
}

/// Polls until the call is cancelled. After each [`News::Desired`] it waits for
/// the position that was reached, so that nothing is handed out twice.
pub(crate) fn run<T: Transport>(
    client: &Client<T>,
    gateway: &str,
    instance: &InstanceId,
    wait: u64,
    context: &Context<'_>,
    news: &Sender<News>,
    reached: &Receiver<Position>,
) {
    let mut pause = FIRST_PAUSE;
    let Ok(mut at) = reached.recv() else { return };
    while context.cancelled().is_none() {
        let query = DesiredQuery {
            epoch: at.epoch.clone(),
            index: at.index,
            wait,
            instance: Some(instance.clone()),
        };
        let (told, next) = match client.desired(gateway, &query) {
            Ok(PollOutcome::Unchanged) => (news.send(News::Connected), Next::Now),
            Ok(PollOutcome::RetryAfter(seconds)) => {
                let pause = asked_pause(Some(seconds)) + random_duration(SPREAD);
                (news.send(News::Connected), Next::After(pause))
            }
            Err(error) => {
                let asked = asked_pause(error.retry_after);
                (news.send(News::Away(error.detail)), Next::Later(asked))
            }
            Ok(PollOutcome::Changed(answer)) => {
                let index = answer.index;
                let told = news.send(News::Desired(Box::new(answer)));
                let Ok(position) = reached.recv() else { return };
                at = position;
                // What could not be acted on is handed out again, but not at once.
                let acted = at.index >= index;
                (
                    told,
                    if acted {
                        Next::Now
                    } else {
                        Next::Later(Duration::ZERO)
                    },
                )
            }
        };
        if told.is_err() {
            return;
        }
        match next {
            Next::Now => pause = FIRST_PAUSE,
            Next::After(time) => {
                pause = FIRST_PAUSE;
                rest(context, time);
            }
            Next::Later(asked) => {
                rest(context, asked + jitter(pause));
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
    }
}

/// How long the control plane wants to be left alone.
pub(super) fn asked_pause(seconds: Option<u16>) -> Duration {
    Duration::from_secs(seconds.unwrap_or(0).min(LONGEST_ASKED).into())
}

/// Pauses, unless the process ends meanwhile.
fn rest(context: &Context<'_>, pause: Duration) {
    let end = Instant::now() + pause;
    while context.cancelled().is_none() && Instant::now() < end {
        std::thread::sleep(TICK.min(end.saturating_duration_since(Instant::now())));
    }
}

#[cfg(test)]
mod tests {
    use super::{asked_pause, jitter};
    use std::time::Duration;

    #[test]
    fn a_pause_is_never_shorter_than_asked_and_differs_each_time() {
        let asked = Duration::from_secs(7);
        let base = Duration::from_secs(8);
        let all: Vec<_> = (0..100)
            .map(|_| asked_pause(Some(7)) + jitter(base))
            .collect();
        assert!(all.iter().all(|pause| *pause >= asked + base / 2));
        assert!(all.iter().any(|pause| *pause != all[0]));
        assert_eq!(asked_pause(None), Duration::ZERO);
        assert_eq!(asked_pause(Some(u16::MAX)), Duration::from_secs(300));
    }
}
