//! Connections, and transactions on them.

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::address::DatabaseAddress;
use super::query_error::{QueryError, pool_error};
use super::timeouts::REQUEST_TIMEOUT;
use crate::store::StoreError;

/// Connections of one server. More would only queue inside the database, whose commits are what
/// takes time.
const CONNECTIONS: usize = 16;
/// What a statement is given.
pub(super) type Values<'a> = [&'a (dyn ToSql + Sync)];

/// A connection of the pool. Closed instead of given back when a transaction was left open.
pub(super) struct Session {
    connection: Option<Object>,
    open: bool,
    committing: bool,
}

/// Makes the pool. Connects nowhere yet.
pub(super) fn pool(address: &DatabaseAddress) -> Result<Pool, StoreError> {
    let how = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(address.config(), address.connector(), how);
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(REQUEST_TIMEOUT),
            create: Some(REQUEST_TIMEOUT),
            recycle: Some(REQUEST_TIMEOUT),
        })
        .build()
        .map_err(|error| StoreError::Failed(error.to_string()))
}

impl Session {
    pub(super) async fn of(pool: &Pool) -> Result<Self, QueryError> {
        Ok(Self {
            connection: Some(pool.get().await.map_err(pool_error)?),
            open: false,
            committing: false,
        })
    }

    fn connection(&self) -> &Object {
        self.connection
            .as_ref()
            .expect("it is taken only when the session ends")
    }

    /// Runs one prepared statement. Statements that are polled together are sent together.
    pub(super) async fn rows(
        &self,
        sql: &str,
        values: &Values<'_>,
    ) -> Result<Vec<Row>, QueryError> {
        let statement = self.connection().prepare_cached(sql).await?;
        Ok(self.connection().query(&statement, values).await?)
    }

    /// The same for a statement of at most one row.
    pub(super) async fn row(
        &self,
        sql: &str,
        values: &Values<'_>,
    ) -> Result<Option<Row>, QueryError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Makes sure that statements are prepared, so that later they can be sent in one go.
    pub(super) async fn prepare(&self, statements: &[&str]) -> Result<(), QueryError> {
        for sql in statements {
            self.connection().prepare_cached(sql).await?;
        }
        Ok(())
    }

    /// Notes that a transaction begins.
    pub(super) fn begin(&mut self) {
        self.open = true;
    }

    /// Notes that the commit is sent: from here on, a lost connection leaves it unknown whether
    /// the change was made.
    pub(super) fn committing(&mut self) {
        self.committing = true;
    }

    /// Whether it is certain that nothing was changed when the connection is lost.
    pub(super) fn is_retry_safe(&self) -> bool {
        !self.committing
    }

    /// Sends words of transaction control.
    pub(super) async fn batch_execute(&self, word: &str) -> Result<(), QueryError> {
        Ok(self.connection().batch_execute(word).await?)
    }

    /// Notes that the transaction has ended, by a commit that was answered.
    pub(super) fn ended(&mut self) {
        self.open = false;
    }

    /// Takes everything back. A connection that cannot even do that is closed.
    pub(super) async fn roll_back(&mut self) {
        if self.batch_execute("ROLLBACK").await.is_ok() {
            self.open = false;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.open {
            // Out of the pool: closing the connection rolls back.
            drop(self.connection.take().map(Object::take));
        }
    }
}
