//! Proof that changes are made inside a transaction.

use std::ops::Deref;

use rusqlite::{Connection, Transaction};

/// A connection inside a write transaction, which its owner commits or rolls back.
#[derive(Debug)]
pub(super) struct WriteTransaction<'a>(&'a Connection);

impl<'a> WriteTransaction<'a> {
    /// The caller has begun a transaction with the write lock.
    pub(super) fn inside(connection: &'a Connection) -> Self {
        Self(connection)
    }

    /// Refers to this transaction.
    pub(super) fn of(transaction: &'a Transaction<'_>) -> Self {
        Self(transaction)
    }
}

impl Deref for WriteTransaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}
