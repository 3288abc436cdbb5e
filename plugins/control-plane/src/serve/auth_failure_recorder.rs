//! Records failed authentications in the audit log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kt_control_api::{Timestamp, new_request_id};
use serde_json::json;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Duration, Instant, sleep_until};

use super::blocking::run_blocking;
use super::limits::{AddressPrefix, AuthFailureSummary};
use crate::api::{Api, Principal};
use crate::store::{AuditEvent, ChangeContext};

/// Number of summaries that can be queued.
const CAPACITY: usize = 256;
/// Largest number of rows per minute, so that requests from many addresses do not fill the disk.
/// Further failures are added up in one row.
const MAX_ROWS_PER_MINUTE: usize = 20;
const MINUTE: Duration = Duration::from_mins(1);

/// Accepts summaries.
#[derive(Debug)]
pub(super) struct AuthFailureRecorder {
    sender: Sender<AuthFailureSummary>,
    /// Number of failures in summaries that did not fit into the queue.
    dropped: Arc<AtomicU32>,
}

impl AuthFailureRecorder {
    /// Returns a recorder, and the future that writes the rows.
    pub(super) fn new(api: Api) -> (Self, impl Future<Output = ()>) {
        let (sender, receiver) = channel(CAPACITY);
        let dropped = Arc::<AtomicU32>::default();
        let recording = record_summaries(api, receiver, Arc::clone(&dropped));
        (Self { sender, dropped }, recording)
    }

    /// Queues a summary. When the queue is full, its failures are counted without an address.
    pub(super) fn record(&self, summary: AuthFailureSummary) {
        if let Err(TrySendError::Full(summary)) = self.sender.try_send(summary) {
            self.dropped.fetch_add(summary.failures, Ordering::Relaxed);
        }
    }
}

/// The rows of the last minute, and the failures without a row.
#[derive(Debug, Default)]
struct RowBudget {
    written_at: VecDeque<Instant>,
    unrecorded: u32,
}

impl RowBudget {
    /// Returns the summary if it may have a row of its own, and otherwise adds up its failures.
    fn take(&mut self, summary: AuthFailureSummary, now: Instant) -> Option<AuthFailureSummary> {
        self.expire(now);
        if self.written_at.len() < MAX_ROWS_PER_MINUTE {
            self.written_at.push_back(now);
            return Some(summary);
        }
        self.add(summary.failures);
        None
    }

    fn add(&mut self, failures: u32) {
        self.unrecorded = self.unrecorded.saturating_add(failures);
    }

    /// Returns when the row with the total is due; `None` when there are no such failures.
    fn total_due(&self) -> Option<Instant> {
        let oldest = self.written_at.front().filter(|_| self.unrecorded > 0);
        oldest.map(|at| *at + MINUTE)
    }

    /// Returns the row with the total.
    fn total(&mut self, now: Instant) -> Option<AuthFailureSummary> {
        let failures = std::mem::take(&mut self.unrecorded);
        let source = AddressPrefix::Other;
        self.take(AuthFailureSummary { source, failures }, now)
    }

    fn expire(&mut self, now: Instant) {
        while self
            .written_at
            .front()
            .is_some_and(|at| *at + MINUTE <= now)
        {
            self.written_at.pop_front();
        }
    }
}

async fn record_summaries(
    api: Api,
    mut receiver: Receiver<AuthFailureSummary>,
    dropped: Arc<AtomicU32>,
) {
    let mut budget = RowBudget::default();
    loop {
        let due = budget.total_due();
        let summary = tokio::select! {
            summary = receiver.recv() => match summary {
                Some(summary) => budget.take(summary, Instant::now()),
                None => return,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                budget.total(Instant::now())
            }
        };
        budget.add(dropped.swap(0, Ordering::Relaxed));
        if let Some(summary) = summary {
            let api = api.clone();
            // A panic was logged where it was caught.
            drop(run_blocking(move || write_row(&api, &summary)).await);
        }
    }
}

fn write_row(api: &Api, summary: &AuthFailureSummary) {
    let change = ChangeContext {
        actor: Principal::anonymous().actor,
        request_id: new_request_id(),
        now: Timestamp::now(),
        if_match: None,
        idempotency_key: None,
    };
    let event = AuditEvent {
        action: "auth.refused",
        target: summary.source.to_string(),
        detail: json!({"failures": summary.failures}),
    };
    if let Err(problem) = api.record_audit_event(change, event) {
        let error = problem.detail;
        tracing::warn!(
            error,
            "failed authentications were not recorded in the audit log"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(failures: u32) -> AuthFailureSummary {
        let source = AddressPrefix::of("192.0.2.1".parse().unwrap());
        AuthFailureSummary { source, failures }
    }

    #[test]
    fn rows_are_bounded_and_the_rest_is_added_up() {
        let (mut budget, start) = (RowBudget::default(), Instant::now());
        for _ in 0..MAX_ROWS_PER_MINUTE {
            assert!(budget.take(summary(1), start).is_some());
        }
        assert_eq!(budget.total_due(), None, "every failure has a row");
        assert!(budget.take(summary(7), start).is_none());
        assert!(budget.take(summary(5), start).is_none());
        let due = budget.total_due().unwrap();
        assert_eq!(due, start + MINUTE);
        let total = budget.total(due).unwrap();
        assert_eq!((total.source, total.failures), (AddressPrefix::Other, 12));
        assert_eq!(budget.total_due(), None);
    }

    #[tokio::test]
    async fn failures_that_do_not_fit_into_the_queue_are_counted() {
        let test_api = crate::fixture::TestApi::new();
        let (recorder, _recording) = AuthFailureRecorder::new(test_api.api.clone());
        for _ in 0..CAPACITY + 3 {
            recorder.record(summary(2));
        }
        assert_eq!(recorder.dropped.load(Ordering::Relaxed), 6);
    }
}
