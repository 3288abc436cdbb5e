//! Connections, set up the same way each time.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::busy::retry_while_busy;
use crate::store::StoreError;

/// Waits inside SQLite are kept short: `retry_while_busy` does the waiting, see there.
const BUSY_MILLISECONDS: u64 = 5;

/// Statements that stay prepared; the store has fewer.
const STATEMENTS: usize = 128;

/// `synchronous=FULL`, because NORMAL was measured to lose acknowledged changes at power loss.
/// `secure_delete`: what is pruned is to be read by nobody, also not in the file; it has to be on
/// from the first write, because a row that is moved leaves a copy behind.
/// `journal_size_limit`: a write-ahead log that once grew gives the space back.
const SETTINGS: &str = "
    PRAGMA journal_mode=WAL;
    PRAGMA synchronous=FULL;
    PRAGMA foreign_keys=ON;
    PRAGMA secure_delete=ON;
    PRAGMA temp_store=MEMORY;
    PRAGMA journal_size_limit=67108864;
    PRAGMA trusted_schema=OFF;
";

/// Opens the file, which must exist.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    retry_while_busy(|| {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS))?;
        // Otherwise the last process to close folds the log into the file under an exclusive
        // lock, on every command, and whoever opens meanwhile is refused.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Otherwise a statement that might use a partial index is prepared anew for each value
        // that is bound, which took a fifth of the time of a change.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(SETTINGS)?;
        Ok(connection)
    })
}

/// Opens the file for one who makes many changes, which come back to the same pages of indexes:
/// with SQLite's own cache of 2 MB a change was counted to read 1.2 pages again, with this one
/// 0.6. It and the log are of at most 4000 pages of 4 KiB.
pub(super) fn open_for_changes(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path)?;
    connection.pragma_update(None, "cache_size", 4000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(connection)
}

/// Opens a file that is only looked at, such as a backup. Makes no other files beside it.
pub(super) fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;")?;
    Ok(connection)
}
