//! Why the store did not do what was asked.

use kt_control_api::{GatewayId, Timestamp, TokenId};

use super::snapshot::GatewaySnapshot;
use super::table::ColumnError;

/// A failure of the store. Messages hold no content of configurations and no tokens.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such gateway or version.
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
        /// Who has it.
        id: GatewayId,
    },
    /// The gateway's revision is not the one the caller expected.
    #[error("the gateway has revision {}, not {expected}", current.gateway.rev)]
    RevisionMismatch {
        /// What the caller expected.
        expected: u64,
        /// The gateway as it is.
        current: Box<GatewaySnapshot>,
    },
    /// The version's content was taken away.
    #[error("the content of version {version} was pruned at {at:.0}")]
    ContentPruned {
        /// The version.
        version: u64,
        /// When.
        at: Timestamp,
    },
    /// Nothing is desired yet.
    #[error("gateway `{0}` has no configuration yet")]
    NoConfiguration(String),
    /// The token was revoked or has expired.
    #[error("token {0} has ended")]
    TokenInactive(TokenId),
    /// The key came with another request before.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// Others held the store for longer than a request may wait.
    #[error("the store was busy for {0} seconds")]
    Busy(u64),
    /// A newer kt made the store, and this one is outside of the range it supports.
    #[error("the store has schema {found}; this kt supports up to {supported}: update kt")]
    UnsupportedSchema {
        /// Schema of the store.
        found: u32,
        /// Newest schema this program knows.
        supported: u32,
    },
    /// What is to be taken in is there already: ids or names of gateways.
    #[error("the store has {} already", .0.join(", "))]
    AlreadyExists(Vec<String>),
    /// What was kept is not as it was written.
    #[error("{0}")]
    Corrupt(String),
    /// A file cannot be read as what it should be.
    #[error("line {line}: {reason}")]
    InvalidExport {
        /// Its line, from 1.
        line: u64,
        /// What is wrong with it. Repeats nothing of it.
        reason: String,
    },
    /// The file must not be used as it is.
    #[error("{0}")]
    Unusable(String),
    /// The store cannot be read or written.
    #[error("the store cannot be used: {0}")]
    Failed(String),
}

impl StoreError {
    /// There is no such version.
    pub(super) fn no_version(version: u64) -> Self {
        Self::NotFound(format!("version {version}"))
    }

    /// What was moved lacks a content.
    pub(super) fn no_content(gateway: &str, version: u64) -> Self {
        Self::Corrupt(format!("version {version} of {gateway} has no content"))
    }

    /// The content of a version is not there.
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
