//! The errors of the store.

use kt_control_api::{GatewayId, Timestamp, TokenId};

use super::snapshot::GatewaySnapshot;
use super::table::ColumnError;

/// An error of the store. Messages contain neither contents of configurations nor tokens.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such gateway, version or token.
    #[error("there is no {0}")]
    NotFound(String),
    /// The gateway was deleted.
    #[error("gateway {0} was deleted")]
    Gone(GatewayId),
    /// Another gateway has the name.
    #[error("the name `{name}` is taken by gateway {id}")]
    NameTaken {
        /// The name.
        name: String,
        /// The id of the gateway that has it.
        id: GatewayId,
    },
    /// The revision of the gateway is not the one that the caller requires.
    #[error("the gateway has revision {}, not {expected}", current.gateway.rev)]
    RevisionMismatch {
        /// The required revision.
        expected: u64,
        /// The current gateway.
        current: Box<GatewaySnapshot>,
    },
    /// The content of the version was pruned.
    #[error("the content of version {version} was pruned at {at:.0}")]
    ContentPruned {
        /// The version.
        version: u64,
        /// When it was pruned.
        at: Timestamp,
    },
    /// The gateway has as many live instances as it may have.
    #[error("the gateway has {0} live instances, which is the maximum")]
    TooManyInstances(i64),
    /// The gateway has no desired version yet.
    #[error("gateway `{0}` has no configuration yet")]
    NoConfiguration(String),
    /// The token is revoked or expired.
    #[error("token {0} is revoked or expired")]
    TokenInactive(TokenId),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The store was locked for longer than the timeout of a request.
    #[error("the store was busy for {0} seconds")]
    Busy(u64),
    /// The store has a schema that this version does not support.
    #[error("the store has schema {found}; this kt supports schemas up to {supported}: upgrade kt")]
    UnsupportedSchema {
        /// The schema of the store.
        found: u32,
        /// The newest schema that this version supports.
        supported: u32,
    },
    /// Objects to import exist already: ids or names of gateways.
    #[error("the store already has {}", .0.join(", "))]
    AlreadyExists(Vec<String>),
    /// The stored data is corrupt.
    #[error("{0}")]
    Corrupt(String),
    /// A file is not a valid export.
    #[error("line {line}: {reason}")]
    InvalidExport {
        /// The line, from 1.
        line: u64,
        /// The error. Does not contain the text of the line.
        reason: String,
    },
    /// The file or database must not be used as it is.
    #[error("{0}")]
    Unusable(String),
    /// The store cannot be read or written.
    #[error("the store cannot be used: {0}")]
    Failed(String),
}

impl StoreError {
    /// Returns the error for a version that does not exist.
    pub(super) fn no_version(version: u64) -> Self {
        Self::NotFound(format!("version {version}"))
    }

    /// Returns the error for an imported version without its content.
    pub(super) fn no_content(gateway: &str, version: u64) -> Self {
        Self::Corrupt(format!("version {version} of {gateway} has no content"))
    }

    /// Returns the error for a version whose content is not stored.
    pub(super) fn without_content(version: u64, pruned_at: Option<Timestamp>) -> Self {
        match pruned_at {
            Some(at) => Self::ContentPruned { version, at },
            None => Self::Corrupt(format!("version {version} has no content")),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ColumnError> for StoreError {
    fn from(error: ColumnError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(format!("a row cannot be read: {error}"))
    }
}
