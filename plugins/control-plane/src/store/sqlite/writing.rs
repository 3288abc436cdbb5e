//! What shows that changes are made inside a transaction.

use std::ops::Deref;

use rusqlite::{Connection, Transaction};

/// A connection inside a transaction for writing, which its owner commits or takes back.
#[derive(Debug)]
pub(super) struct Writing<'a>(&'a Connection);

impl<'a> Writing<'a> {
    /// The caller has begun a transaction with the lock for writing.
    pub(super) fn inside(connection: &'a Connection) -> Self {
        Self(connection)
    }

    /// Inside this transaction.
    pub(super) fn of(transaction: &'a Transaction<'_>) -> Self {
        Self(transaction)
    }
}

impl Deref for Writing<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}
