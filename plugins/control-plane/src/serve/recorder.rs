//! Failed authentications in the trail.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kt_control_api::{Timestamp, new_request_id};
use serde_json::json;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Duration, Instant, sleep_until};

use super::connection::off_loop;
use super::limits::{Line, Origin};
use crate::api::{Api, Principal};
use crate::store::{AuditEvent, ChangeContext};

/// Lines that wait to be written.
const WAITING: usize = 256;
/// Most rows in a minute: whoever comes from many addresses must not fill the disk. What is
/// beyond is summed up in one.
const ROWS: usize = 20;
const MINUTE: Duration = Duration::from_mins(1);

/// Takes lines in.
#[derive(Debug)]
pub(super) struct Recorder {
    lines: Sender<Line>,
    /// Failures of lines for which there was no room.
    missed: Arc<AtomicU32>,
}

impl Recorder {
    /// Makes one, and what writes the rows for as long as it is polled.
    pub(super) fn new(api: Api) -> (Self, impl Future<Output = ()>) {
        let (lines, waiting) = channel(WAITING);
        let missed = Arc::<AtomicU32>::default();
        let recording = record(api, waiting, Arc::clone(&missed));
        (Self { lines, missed }, recording)
    }

    /// Takes a line in. When many come at once, some count without an address.
    pub(super) fn tell(&self, line: Line) {
        if let Err(TrySendError::Full(line)) = self.lines.try_send(line) {
            self.missed.fetch_add(line.failures, Ordering::Relaxed);
        }
    }
}

/// What was written lately, and what was not.
#[derive(Debug, Default)]
struct Budget {
    /// When the rows of the last minute were written.
    written: VecDeque<Instant>,
    /// Failures that have no row yet.
    beyond: u32,
}

impl Budget {
    /// Takes a line: it gets a row of its own, or is summed up with others.
    fn take(&mut self, line: Line, now: Instant) -> Option<Line> {
        self.forget(now);
        if self.written.len() < ROWS {
            self.written.push_back(now);
            return Some(line);
        }
        self.add(line.failures);
        None
    }

    /// Adds failures that get no row of their own.
    fn add(&mut self, failures: u32) {
        self.beyond = self.beyond.saturating_add(failures);
    }

    /// When the sum gets its row; nothing without one.
    fn due(&self) -> Option<Instant> {
        let oldest = self.written.front().filter(|_| self.beyond > 0);
        oldest.map(|at| *at + MINUTE)
    }

    /// The row of the sum.
    fn sum(&mut self, now: Instant) -> Option<Line> {
        let failures = std::mem::take(&mut self.beyond);
        let origin = Origin::Elsewhere;
        self.take(Line { origin, failures }, now)
    }

    fn forget(&mut self, now: Instant) {
        while self.written.front().is_some_and(|at| *at + MINUTE <= now) {
            self.written.pop_front();
        }
    }
}

async fn record(api: Api, mut waiting: Receiver<Line>, missed: Arc<AtomicU32>) {
    let mut budget = Budget::default();
    loop {
        let due = budget.due();
        let line = tokio::select! {
            line = waiting.recv() => match line {
                Some(line) => budget.take(line, Instant::now()),
                None => return,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                budget.sum(Instant::now())
            }
        };
        budget.add(missed.swap(0, Ordering::Relaxed));
        if let Some(line) = line {
            let api = api.clone();
            // A bug was logged where it was caught.
            drop(off_loop(move || write(&api, &line)).await);
        }
    }
}

fn write(api: &Api, line: &Line) {
    let change = ChangeContext {
        actor: Principal::nobody().actor,
        request_id: new_request_id(),
        now: Timestamp::now(),
        if_match: None,
        idempotency_key: None,
    };
    let note = AuditEvent {
        action: "auth.refused",
        target: line.origin.to_string(),
        detail: json!({"failures": line.failures}),
    };
    if let Err(problem) = api.note(change, note) {
        let why = problem.detail;
        tracing::warn!(why, "failed authentications are in the log alone");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(failures: u32) -> Line {
        let origin = Origin::of("192.0.2.1".parse().unwrap());
        Line { origin, failures }
    }

    #[test]
    fn rows_are_bounded_and_the_rest_is_summed_up() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        for _ in 0..ROWS {
            assert!(budget.take(line(1), start).is_some());
        }
        assert_eq!(budget.due(), None, "nothing was left out");
        assert!(budget.take(line(7), start).is_none());
        assert!(budget.take(line(5), start).is_none());
        let due = budget.due().unwrap();
        assert_eq!(due, start + MINUTE);
        let sum = budget.sum(due).unwrap();
        assert_eq!((sum.origin, sum.failures), (Origin::Elsewhere, 12));
        assert_eq!(budget.due(), None);
    }

    #[tokio::test]
    async fn what_there_is_no_room_for_is_counted_too() {
        let bench = crate::fixture::TestApi::new();
        let (recorder, _recording) = Recorder::new(bench.api.clone());
        for _ in 0..WAITING + 3 {
            recorder.tell(line(2));
        }
        assert_eq!(recorder.missed.load(Ordering::Relaxed), 6);
    }
}
