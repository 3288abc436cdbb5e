//! What goes wrong inside the database, and what that means to callers.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use kt_tls::TlsError;
use tokio_postgres::error::SqlState;

use super::timeouts::REQUEST_TIMEOUT;
use crate::store::StoreError;
use crate::store::table::ColumnError;

/// A refusal, or a error of the database that may be worth another attempt.
#[derive(Debug)]
pub(in crate::store) enum QueryError {
    /// The answer to the caller.
    Store(StoreError),
    /// What the database said.
    Database(tokio_postgres::Error),
}

impl QueryError {
    /// Whether others were faster in a way that another attempt sees.
    pub(super) fn is_lost_race(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        matches!(
            error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
        ) || self.violates("idempotency_pkey")
            || self.violates("gateways_name")
    }

    /// Whether a row would have broken this unique constraint.
    pub(super) fn violates(&self, constraint: &str) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        error.as_db_error().is_some_and(|refusal| {
            *refusal.code() == SqlState::UNIQUE_VIOLATION
                && refusal.constraint() == Some(constraint)
        })
    }

    /// Whether the connection ended, so that another one may do better.
    pub(super) fn is_lost_connection(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.is_closed() || error.code() == Some(&SqlState::ADMIN_SHUTDOWN)
            }
            Self::Store(_) => false,
        }
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ColumnError> for QueryError {
    fn from(error: ColumnError) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for QueryError {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<tokio_postgres::Error> for QueryError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<QueryError> for StoreError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Store(error) => error,
            QueryError::Database(error) => database_error(&error),
        }
    }
}

/// Describes a error of the pool.
pub(super) fn pool_error(error: PoolError) -> QueryError {
    match error {
        PoolError::Timeout(_) => QueryError::Store(StoreError::Busy(REQUEST_TIMEOUT.as_secs())),
        PoolError::Backend(error) => QueryError::Database(error),
        other => QueryError::Store(StoreError::Failed(other.to_string())),
    }
}

/// Describes a error. The database's own messages name columns and constraints, never values;
/// its details, which do, are left out.
pub(super) fn database_error(error: &tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(&SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE) => {
            StoreError::Busy(REQUEST_TIMEOUT.as_secs())
        }
        _ => StoreError::Failed(message(error)),
    }
}

fn message(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("PostgreSQL says: {}", said.message());
    }
    if let Some(refusal) = TlsError::find_in(error) {
        return format!("PostgreSQL: {}", with_remedy(&refusal));
    }
    match error.source() {
        Some(cause) => format!("PostgreSQL: {error}: {cause}"),
        None => format!("PostgreSQL: {error}"),
    }
}

fn with_remedy(refusal: &TlsError) -> String {
    let remedy = match refusal {
        TlsError::UnknownIssuer => Some("name its certificate with `sslrootcert=FILE`"),
        other => other.hint(),
    };
    match remedy {
        Some(remedy) => format!("{refusal}: {remedy}"),
        None => refusal.to_string(),
    }
}
