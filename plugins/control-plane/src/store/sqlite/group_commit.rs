//! Many changes in one transaction, with one sync of the disk, which dominates the time of a
//! change.

use std::mem::take;
use std::sync::Mutex;

use rusqlite::Connection;

use super::busy::retry_while_busy;
use super::lock::locked;
use super::write_transaction::WriteTransaction;
use crate::crash::crash_point;
use crate::store::StoreError;

/// A connection with a transaction of several changes.
#[derive(Debug)]
pub(super) struct GroupCommit {
    connection: Connection,
    /// Whether SQLite has rolled the transaction back.
    rolled_back: bool,
    /// The crash points to reach once the transaction is committed.
    crash_points: Vec<&'static str>,
}

impl GroupCommit {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            rolled_back: false,
            crash_points: Vec::new(),
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Applies a change. A change that fails rolls only itself back.
    pub(super) fn change<T>(
        &mut self,
        act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.rolled_back {
            return Err(rolled_back_error());
        }
        self.execute("SAVEPOINT one")?;
        let done = act(&WriteTransaction::inside(&self.connection));
        // After some errors, such as a full disk, SQLite rolls the whole transaction back, and the
        // following changes would not be part of a transaction.
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

    /// Adds a crash point to reach once the transaction is committed.
    pub(super) fn add_crash_point(&mut self, point: &'static str) {
        self.crash_points.push(point);
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.rolled_back = false;
        self.crash_points.clear();
        retry_while_busy(|| self.connection.execute_batch("BEGIN IMMEDIATE"))
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.rolled_back {
            return Err(rolled_back_error());
        }
        self.execute("COMMIT")?;
        take(&mut self.crash_points)
            .into_iter()
            .for_each(crash_point);
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// Runs `work`, and commits every change it makes with the connection, or none.
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

/// Rolls an open transaction back, also when a change panics.
struct RollbackGuard<'a>(&'a Mutex<GroupCommit>);

impl Drop for RollbackGuard<'_> {
    fn drop(&mut self) {
        let session = locked(self.0);
        if !session.connection.is_autocommit()
            && let Err(error) = session.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back a transaction");
        }
    }
}

fn rolled_back_error() -> StoreError {
    StoreError::Failed("the transaction was rolled back: the disk is full or failed".to_owned())
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
        assert!(
            session.connection().is_autocommit(),
            "no transaction is open"
        );
        let sql = "SELECT count(*) FROM t";
        session
            .connection()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_change_that_fails_rolls_only_itself_back() {
        let session = session();
        let outcomes = commit_together(&session, || {
            let half = |transaction: &WriteTransaction<'_>| {
                transaction.execute("INSERT INTO t(n) VALUES(9)", [])?;
                Err::<u64, _>(StoreError::IdempotencyKeyReused)
            };
            let failed = [insert(&session, 1), locked(&session).change(half)];
            (failed, insert(&session, 1), insert(&session, 2))
        });
        let ([first, failed], twice, last) = outcomes.unwrap();
        assert!(matches!((first, last), (Ok(1), Ok(2))));
        assert!(matches!(failed, Err(StoreError::IdempotencyKeyReused)));
        assert!(twice.is_err());
        assert_eq!(count(&session), 2);
    }

    #[test]
    fn a_transaction_that_sqlite_rolled_back_commits_nothing() {
        let session = session();
        let outcome = commit_together(&session, || {
            insert(&session, 1).unwrap();
            // As SQLite does when the disk is full.
            let lose = |transaction: &WriteTransaction<'_>| {
                transaction.execute_batch("ROLLBACK")?;
                Ok(())
            };
            assert!(locked(&session).change(lose).is_err());
            assert!(
                insert(&session, 2).is_err(),
                "it would not be part of the transaction"
            );
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
    fn a_change_that_panics_leaves_the_connection_usable() {
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
