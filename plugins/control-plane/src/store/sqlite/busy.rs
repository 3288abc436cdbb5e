//! Waiting for others who use the file, within bounds.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::store::StoreError;

/// How long a request waits for other processes. Each holds the file for a few milliseconds per
/// change, so this long a wait means that something is stuck.
const LIMIT: Duration = Duration::from_secs(20);

/// Short and even: with SQLite's own growing pauses the newest of several waiters tends to win,
/// and the oldest was measured to starve for seconds.
const PAUSE: Duration = Duration::from_millis(1);

/// Runs `attempt` until it is not refused because others use the file.
pub(super) fn retry_while_busy<T>(
    mut attempt: impl FnMut() -> Result<T, rusqlite::Error>,
) -> Result<T, StoreError> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) => {
                if start.elapsed() >= LIMIT {
                    return Err(StoreError::Busy(LIMIT.as_secs()));
                }
                thread::sleep(PAUSE);
            }
            other => return other.map_err(StoreError::from),
        }
    }
}

/// Begins with the write lock, so that nothing later in the transaction can be refused.
///
/// "Unchecked" leaves it to the caller not to begin twice on one connection, which the store's
/// lock on the connection sees to.
pub(super) fn begin(connection: &Connection) -> Result<Transaction<'_>, StoreError> {
    retry_while_busy(|| Transaction::new_unchecked(connection, TransactionBehavior::Immediate))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    // The locking protocol error is a lost race for the write-ahead log that a retry wins.
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
