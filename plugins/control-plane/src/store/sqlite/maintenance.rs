//! Maintenance of the file: checkpoints, and the check of its pages.

use rusqlite::Connection;

use super::backup;
use super::busy::retry_while_busy;
use super::store::SqliteStore;
use crate::store::StoreError;

impl SqliteStore {
    /// Checkpoints the write-ahead log, so that the file alone is the store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.on_writer(|writer| {
            retry_while_busy(|| writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
        })
    }

    /// The same, unless another process uses the log at this moment.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn try_checkpoint(&self) -> Result<(), StoreError> {
        self.on_writer(|writer| {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        })
    }

    /// Returns the errors that SQLite finds in the file: in pages, indexes and references.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn integrity_errors(&self) -> Result<Vec<String>, StoreError> {
        self.on_writer(backup::integrity_errors)
    }

    /// Returns a function that ends the statement that [`SqliteStore::integrity_errors`] executes.
    pub fn interrupter(&self) -> impl Fn() + use<> {
        let handle = self.on_writer(Connection::get_interrupt_handle);
        move || handle.interrupt()
    }
}
