//! Errors of the database, and their meaning for callers.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use kt_tls::TlsError;
use tokio_postgres::error::SqlState;

use super::timeouts::REQUEST_TIMEOUT;
use crate::store::StoreError;
use crate::store::table::ColumnError;

/// An error of the store, or one of the database that may be worth a retry.
#[derive(Debug)]
pub(in crate::store) enum QueryError {
    /// The error to return to the caller.
    Store(StoreError),
    /// An error of the database.
    Database(tokio_postgres::Error),
}

impl QueryError {
    /// Returns whether a race was lost, so that another attempt can succeed.
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

    /// Returns whether a row violates this unique constraint.
    pub(super) fn violates(&self, constraint: &str) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        error.as_db_error().is_some_and(|error| {
            *error.code() == SqlState::UNIQUE_VIOLATION && error.constraint() == Some(constraint)
        })
    }

    /// Returns whether the connection ended, so that another one can succeed.
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

/// Converts an error of the pool.
pub(super) fn pool_error(error: PoolError) -> QueryError {
    match error {
        PoolError::Timeout(_) => QueryError::Store(StoreError::Busy(REQUEST_TIMEOUT.as_secs())),
        PoolError::Backend(error) => QueryError::Database(error),
        other => QueryError::Store(StoreError::Failed(other.to_string())),
    }
}

/// Converts an error of the database. Its messages contain names of columns and constraints, never
/// values; its details, which do, are omitted.
pub(super) fn database_error(error: &tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(&SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE) => {
            StoreError::Busy(REQUEST_TIMEOUT.as_secs())
        }
        _ => StoreError::Failed(message(error)),
    }
}

fn message(error: &tokio_postgres::Error) -> String {
    if let Some(database_error) = error.as_db_error() {
        return format!("PostgreSQL: {}", database_error.message());
    }
    if let Some(tls_error) = TlsError::find_in(error) {
        return format!("PostgreSQL: {}", with_remedy(&tls_error));
    }
    match error.source() {
        Some(cause) => format!("PostgreSQL: {error}: {cause}"),
        None => format!("PostgreSQL: {error}"),
    }
}

fn with_remedy(tls_error: &TlsError) -> String {
    let remedy = match tls_error {
        TlsError::UnknownIssuer => Some("name its certificate with `sslrootcert=FILE`"),
        other => other.hint(),
    };
    match remedy {
        Some(remedy) => format!("{tls_error}: {remedy}"),
        None => tls_error.to_string(),
    }
}
