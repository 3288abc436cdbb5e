//! What goes wrong inside the database, and what that means to callers.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use kt_tls::TlsError;
use tokio_postgres::error::SqlState;

use super::session::LIMIT;
use crate::store::StoreError;
use crate::store::table::ColumnError;

/// A refusal, or a failure of the database that may be worth another attempt.
#[derive(Debug)]
pub(in crate::store) enum Failure {
    /// The answer to the caller.
    Refused(StoreError),
    /// What the database said.
    Database(tokio_postgres::Error),
}

impl Failure {
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
            Self::Refused(_) => false,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<ColumnError> for Failure {
    fn from(error: ColumnError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Database(error) => of_database(&error),
        }
    }
}

/// Describes a failure of the pool.
pub(super) fn of_pool(error: PoolError) -> Failure {
    match error {
        PoolError::Timeout(_) => Failure::Refused(StoreError::Busy(LIMIT.as_secs())),
        PoolError::Backend(error) => Failure::Database(error),
        other => Failure::Refused(StoreError::Failed(other.to_string())),
    }
}

/// Describes a failure. The database's own messages name columns and constraints, never values;
/// its details, which do, are left out.
pub(super) fn of_database(error: &tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(&SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE) => {
            StoreError::Busy(LIMIT.as_secs())
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
