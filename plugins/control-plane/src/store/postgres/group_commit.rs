//! Commits versions that are published at the same time in one transaction.
//!
//! The rows of the audit log form a chain, so transactions wait for each other from their audit row
//! until the disk has their commit: each version on its own was measured to limit a database to
//! 1,000 versions per second. While a batch is committed, the versions that arrive form the next
//! one. A version that cannot be part of a batch is published on its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use deadpool_postgres::Pool;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use super::publish_batch::{BatchOutcome, PublishRequest, publish_all};
use super::query_error::QueryError;
use super::session::Session;
use crate::store::{ChangeReceipt, StoreError};

/// Largest number of versions, and of bytes of their contents, in one transaction.
const MAX_BATCH: usize = 256;
const MAX_BATCH_BYTES: usize = 8 << 20;

/// Versions that wait for the next batch.
#[derive(Default)]
pub(super) struct GroupCommit {
    waiting: Mutex<Vec<WaitingRequest>>,
    /// Held while a batch is committed.
    leader: AsyncMutex<()>,
}

struct WaitingRequest {
    request: PublishRequest,
    outcome: oneshot::Sender<BatchOutcome>,
}

impl GroupCommit {
    /// Publishes a version together with others; `None` when it has to be published on its own,
    /// and nothing was changed.
    pub(super) async fn publish(
        &self,
        pool: &Pool,
        request: PublishRequest,
    ) -> Result<Option<ChangeReceipt>, QueryError> {
        let (sender, mut outcome) = oneshot::channel();
        self.waiting().push(WaitingRequest {
            request,
            outcome: sender,
        });
        loop {
            let _leader = tokio::select! {
                biased;
                outcome = &mut outcome => return receipt(outcome),
                leader = self.leader.lock() => leader,
            };
            // The last leader may have committed it.
            if let Ok(outcome) = outcome.try_recv() {
                return receipt(Ok(outcome));
            }
            self.commit_batch(pool).await;
        }
    }

    /// Returns the number of versions that wait for the next batch.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting().len()
    }

    async fn commit_batch(&self, pool: &Pool) {
        let (requests, outcomes): (Vec<_>, Vec<_>) = self
            .take_batch()
            .into_iter()
            .map(|waiting| (waiting.request, waiting.outcome))
            .unzip();
        let results = match Session::of(pool).await {
            Ok(mut session) => publish_all(&mut session, &requests).await,
            // Publishing alone waits for a connection, too, and reports the error.
            Err(_) => requests.iter().map(|_| BatchOutcome::Alone).collect(),
        };
        for (outcome, result) in outcomes.into_iter().zip(results) {
            // The request may have timed out.
            drop(outcome.send(result));
        }
    }

    fn take_batch(&self) -> Vec<WaitingRequest> {
        let mut waiting = self.waiting();
        let mut bytes = 0;
        let fitting = waiting.iter().take(MAX_BATCH).take_while(|waiting| {
            bytes += waiting.request.len();
            bytes <= MAX_BATCH_BYTES
        });
        let count = fitting.count().max(1).min(waiting.len());
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<WaitingRequest>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn receipt(
    outcome: Result<BatchOutcome, oneshot::error::RecvError>,
) -> Result<Option<ChangeReceipt>, QueryError> {
    match outcome {
        Ok(BatchOutcome::Committed(receipt)) => Ok(Some(receipt)),
        Ok(BatchOutcome::Rejected(error)) => Err(error.into()),
        Ok(BatchOutcome::Alone) => Ok(None),
        // The leader timed out, perhaps after the commit was sent.
        Err(_) => Err(StoreError::Busy(super::timeouts::REQUEST_TIMEOUT.as_secs()).into()),
    }
}
