//! Connections, and transactions on them.

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::address::DatabaseAddress;
use super::query_error::{QueryError, pool_error};
use super::timeouts::REQUEST_TIMEOUT;
use crate::store::StoreError;

/// Connections of one server. More would only queue in the database, whose commits take most of the
/// time.
const CONNECTIONS: usize = 16;
/// The parameters of a statement.
pub(super) type Values<'a> = [&'a (dyn ToSql + Sync)];

/// A connection of the pool. Closed instead of returned when a transaction is open.
pub(super) struct Session {
    connection: Option<Object>,
    open: bool,
    committing: bool,
}

/// Creates the pool, without connecting.
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

    /// Executes a prepared statement. Statements that are polled together are sent together.
    pub(super) async fn rows(
        &self,
        sql: &str,
        values: &Values<'_>,
    ) -> Result<Vec<Row>, QueryError> {
        #[cfg(test)]
        crate::store::suite::record(sql);
        let statement = self.connection().prepare_cached(sql).await?;
        Ok(self.connection().query(&statement, values).await?)
    }

    /// Executes a prepared statement that returns at most one row.
    pub(super) async fn row(
        &self,
        sql: &str,
        values: &Values<'_>,
    ) -> Result<Option<Row>, QueryError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Prepares statements, so that they can be sent together later.
    pub(super) async fn prepare(&self, statements: &[&str]) -> Result<(), QueryError> {
        for sql in statements {
            self.connection().prepare_cached(sql).await?;
        }
        Ok(())
    }

    /// Records that a transaction begins.
    pub(super) fn begin(&mut self) {
        self.open = true;
    }

    /// Records that the commit is sent: from now on it is unknown after a lost connection whether
    /// the change was committed.
    pub(super) fn committing(&mut self) {
        self.committing = true;
    }

    /// Returns whether it is certain that nothing was changed when the connection is lost.
    pub(super) fn is_retry_safe(&self) -> bool {
        !self.committing
    }

    /// Executes statements without parameters, such as those of transaction control.
    pub(super) async fn batch_execute(&self, sql: &str) -> Result<(), QueryError> {
        Ok(self.connection().batch_execute(sql).await?)
    }

    /// Records that the transaction was committed.
    pub(super) fn committed(&mut self) {
        self.open = false;
    }

    /// Rolls the transaction back. A connection that cannot do that is closed.
    pub(super) async fn roll_back(&mut self) {
        if self.batch_execute("ROLLBACK").await.is_ok() {
            self.open = false;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.open {
            // Removed from the pool: closing the connection rolls the transaction back.
            drop(self.connection.take().map(Object::take));
        }
    }
}
