//! Many changes in one transaction, and so with one wait for the disk, which is what takes a
//! change's time.

use std::mem::take;
use std::sync::Mutex;

use rusqlite::Connection;

use super::busy::retry_while_busy;
use super::lock::locked;
use super::write_transaction::WriteTransaction;
use crate::crash::crash_point;
use crate::store::StoreError;

/// A connection in whose transaction changes and looks go on until it is committed.
#[derive(Debug)]
pub(super) struct GroupCommit {
    connection: Connection,
    /// Whether SQLite has taken the transaction back by itself.
    rolled_back: bool,
    /// Where a test may kill the process once the transaction lasts.
    reached: Vec<&'static str>,
}

impl GroupCommit {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            rolled_back: false,
            reached: Vec::new(),
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Carries a change out. One that is refused takes nothing but itself back.
    pub(super) fn change<T>(
        &mut self,
        act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.rolled_back {
            return Err(rolled_back_error());
        }
        self.execute("SAVEPOINT one")?;
        let done = act(&WriteTransaction::inside(&self.connection));
        // After some failures, such as a full disk, SQLite has rolled everything back by itself,
        // and what follows would no longer be part of a transaction.
        if self.connection.is_autocommit() {
            self.rolled_back = true;
            return Err(rolled_back_error());
        }
        if done.is_err() {
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")?;
        done
    }

    /// Remembers a place that is reached once the transaction lasts.
    pub(super) fn reaches(&mut self, point: &'static str) {
        self.reached.push(point);
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.rolled_back = false;
        self.reached.clear();
        retry_while_busy(|| self.connection.execute_batch("BEGIN IMMEDIATE"))
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.rolled_back {
            return Err(rolled_back_error());
        }
        self.execute("COMMIT")?;
        take(&mut self.reached).into_iter().for_each(crash_point);
        Ok(())
    }

    fn execute(&self, word: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(word)?.execute([])?;
        Ok(())
    }
}

/// Runs `work`, and keeps every change it makes in the session, or none.
pub(super) fn commit_together<T>(
    session: &Mutex<GroupCommit>,
    work: impl FnOnce() -> T,
) -> Result<T, StoreError> {
    locked(session).begin()?;
    let _guard = RollbackGuard(session);
    let done = work();
    locked(session).commit()?;
    Ok(done)
}

/// Leaves no transaction open, also when a change panics.
struct RollbackGuard<'a>(&'a Mutex<GroupCommit>);

impl Drop for RollbackGuard<'_> {
    fn drop(&mut self) {
        let session = locked(self.0);
        if !session.connection.is_autocommit()
            && let Err(error) = session.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction cannot be taken back");
        }
    }
}

fn rolled_back_error() -> StoreError {
    StoreError::Failed("the transaction was taken back: the disk is full or fails".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Mutex<GroupCommit> {
        let file = Connection::open_in_memory().unwrap();
        file.execute_batch("CREATE TABLE t(n INTEGER PRIMARY KEY) STRICT")
            .unwrap();
        Mutex::new(GroupCommit::new(file))
    }

    fn insert(session: &Mutex<GroupCommit>, n: u64) -> Result<u64, StoreError> {
        let sql = "INSERT INTO t(n) VALUES(?1)";
        locked(session).change(|transaction| {
            transaction.execute(sql, [n])?;
            Ok(n)
        })
    }

    fn count(session: &Mutex<GroupCommit>) -> u64 {
        let session = locked(session);
        assert!(session.connection().is_autocommit(), "nothing is left open");
        let sql = "SELECT count(*) FROM t";
        session
            .connection()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_change_that_is_refused_takes_nothing_but_itself_back() {
        let session = session();
        let outcomes = commit_together(&session, || {
            let half = |transaction: &WriteTransaction<'_>| {
                transaction.execute("INSERT INTO t(n) VALUES(9)", [])?;
                Err::<u64, _>(StoreError::IdempotencyKeyReused)
            };
            let refused = [insert(&session, 1), locked(&session).change(half)];
            (refused, insert(&session, 1), insert(&session, 2))
        });
        let ([first, refused], twice, last) = outcomes.unwrap();
        assert!(matches!((first, last), (Ok(1), Ok(2))));
        assert!(matches!(refused, Err(StoreError::IdempotencyKeyReused)));
        assert!(twice.is_err());
        assert_eq!(count(&session), 2);
    }

    #[test]
    fn nothing_is_kept_of_a_transaction_that_was_lost_in_the_middle() {
        let session = session();
        let outcome = commit_together(&session, || {
            insert(&session, 1).unwrap();
            // As SQLite does itself when the disk is full.
            let lose = |transaction: &WriteTransaction<'_>| {
                transaction.execute_batch("ROLLBACK")?;
                Ok(())
            };
            assert!(locked(&session).change(lose).is_err());
            assert!(insert(&session, 2).is_err(), "it would be on its own");
        });
        assert!(outcome.is_err());
        assert_eq!(count(&session), 0);
        assert!(
            commit_together(&session, || insert(&session, 3))
                .unwrap()
                .is_ok()
        );
        assert_eq!(count(&session), 1);
    }

    #[test]
    fn a_change_that_panics_leaves_the_session_usable() {
        let session = session();
        let panics = || {
            commit_together(&session, || {
                insert(&session, 1).unwrap();
                locked(&session).change(|_| -> Result<(), StoreError> { panic!("a bug") })
            })
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics));
        assert!(outcome.is_err());
        assert_eq!(count(&session), 0);
        assert!(
            commit_together(&session, || insert(&session, 2))
                .unwrap()
                .is_ok()
        );
    }
}
