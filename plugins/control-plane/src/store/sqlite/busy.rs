//! Waits while other processes use the file, with a timeout.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::store::StoreError;

/// How long a request waits for other processes. Each locks the file for a few milliseconds per
/// change, so a longer wait means that a process hangs.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Short and constant: with the growing delays of SQLite the newest of several waiters tends to
/// win, and the oldest one was measured to wait for seconds.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Runs `attempt` until it does not fail because other processes use the file.
pub(super) fn retry_while_busy<T>(
    mut attempt: impl FnMut() -> Result<T, rusqlite::Error>,
) -> Result<T, StoreError> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) => {
                if start.elapsed() >= TIMEOUT {
                    return Err(StoreError::Busy(TIMEOUT.as_secs()));
                }
                thread::sleep(POLL_INTERVAL);
            }
            other => return other.map_err(StoreError::from),
        }
    }
}

/// Begins a transaction with the write lock, so that no later statement of it has to wait.
///
/// "Unchecked" means that the caller must not begin two transactions on one connection, which the
/// lock of the connection ensures.
pub(super) fn begin(connection: &Connection) -> Result<Transaction<'_>, StoreError> {
    retry_while_busy(|| Transaction::new_unchecked(connection, TransactionBehavior::Immediate))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    // The locking protocol error is a lost race for the write-ahead log, which a retry wins.
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
