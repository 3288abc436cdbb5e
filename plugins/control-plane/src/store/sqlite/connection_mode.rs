//! How the connections of a store are used.

use std::sync::Mutex;

use rusqlite::Connection;

use super::busy::{begin, retry_while_busy};
use super::group_commit::{GroupCommit, commit_together};
use super::lock::locked;
use super::readers::{Readers, change_counter};
use super::write_transaction::WriteTransaction;
use crate::crash::crash_point;
use crate::store::StoreError;

/// How the connections are used.
#[derive(Debug)]
pub(super) enum ConnectionMode {
    /// Each change is a transaction of its own, and reading waits neither for changes nor for other
    /// readers.
    Separate {
        writer: Mutex<Connection>,
        readers: Readers,
    },
    /// One connection, for one request at a time.
    Single(Mutex<Connection>),
    /// All changes between the begin and the commit of a transaction are part of it.
    Grouped(Mutex<GroupCommit>),
    /// Only reading, without waiting.
    Immediate(Mutex<Connection>),
}

impl ConnectionMode {
    /// Runs `work`, and commits all of its changes, or none.
    pub(super) fn group_commit<T>(&self, work: impl FnOnce() -> T) -> Result<T, StoreError> {
        match self {
            Self::Separate { .. } | Self::Single(_) | Self::Immediate(_) => Ok(work()),
            Self::Grouped(session) => commit_together(session, work),
        }
    }

    /// Reaches a crash point once the last change is committed.
    pub(super) fn reach_when_committed(&self, point: &'static str) {
        match self {
            Self::Separate { .. } | Self::Single(_) | Self::Immediate(_) => crash_point(point),
            Self::Grouped(session) => locked(session).add_crash_point(point),
        }
    }

    pub(super) fn change_counter(&self) -> Result<u64, StoreError> {
        match self {
            Self::Separate { readers, .. } => readers.change_counter(),
            Self::Grouped(session) => change_counter(locked(session).connection()),
            // Its own changes are not counted: it makes none while a request waits.
            Self::Single(connection) | Self::Immediate(connection) => {
                change_counter(&locked(connection))
            }
        }
    }

    pub(super) fn on_writer<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        match self {
            Self::Separate { writer: one, .. } | Self::Single(one) | Self::Immediate(one) => {
                work(&locked(one))
            }
            Self::Grouped(session) => work(locked(session).connection()),
        }
    }

    pub(super) fn read<T>(
        &self,
        mut query: impl FnMut(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Separate { readers, .. } => {
                let reader = readers.get()?;
                read_at_once(&reader, query)
            }
            Self::Single(connection) => read_at_once(&locked(connection), query),
            Self::Grouped(session) => query(locked(session).connection()),
            Self::Immediate(connection) => {
                let connection = locked(connection);
                let transaction = connection.unchecked_transaction()?;
                query(&transaction)
            }
        }
    }

    pub(super) fn write<T>(
        &self,
        act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let writer = match self {
            Self::Separate { writer: one, .. } | Self::Single(one) | Self::Immediate(one) => one,
            Self::Grouped(session) => return locked(session).change(act),
        };
        let writer = locked(writer);
        let transaction = begin(&writer)?;
        let done = act(&WriteTransaction::of(&transaction))?;
        transaction.commit()?;
        Ok(done)
    }
}

/// Reads in one transaction, so that a gateway and its instances are of the same moment. The first
/// read in it may have to wait for other processes.
fn read_at_once<T>(
    connection: &Connection,
    mut query: impl FnMut(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    retry_while_busy(|| {
        let mut first = transaction.prepare_cached("SELECT count(*) FROM meta")?;
        first.query_row([], |_| Ok(()))
    })?;
    query(&transaction)
}
