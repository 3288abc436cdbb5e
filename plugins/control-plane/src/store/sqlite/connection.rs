//! Opens connections with the same settings.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::busy::retry_while_busy;
use crate::store::StoreError;

/// Short, because `retry_while_busy` waits; see there.
const BUSY_MILLISECONDS: u64 = 5;

/// Capacity of the cache of prepared statements; the store has fewer.
const STATEMENTS: usize = 128;

/// `synchronous=FULL`, because NORMAL was measured to lose acknowledged changes at a power failure.
/// `secure_delete`: pruned contents must not be recoverable from the file, either; it must be set
/// from the first write, because a moved row leaves a copy behind. `journal_size_limit`: the
/// write-ahead log is truncated after it has grown.
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
        #[cfg_attr(not(test), expect(unused_mut, reason = "tests trace its queries"))]
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS))?;
        // Otherwise the last process to close the file checkpoints the log under an exclusive lock,
        // with every command, and other processes cannot open the file meanwhile.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Otherwise a statement that might use a partial index is prepared again for each bound
        // value, which took a fifth of the time of a change.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(SETTINGS)?;
        #[cfg(test)]
        record_queries(&mut connection)?;
        Ok(connection)
    })
}

/// Records the queries of a connection for the test of their plans.
#[cfg(test)]
fn record_queries(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    use rusqlite::trace::{TraceEvent, TraceEventCodes};

    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event: TraceEvent<'_>| {
            if let TraceEvent::Stmt(statement, _) = event {
                crate::store::suite::record(&statement.sql());
            }
        }),
    )
}

/// Opens the file for reading, also while it is changed.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens the file for many changes, which read the same index pages repeatedly: with the default
/// cache of 2 MB a change was measured to read 1.2 pages again, with this one 0.6. The cache and
/// the log have at most 4000 pages of 4 KiB.
pub(super) fn open_for_changes(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path)?;
    connection.pragma_update(None, "cache_size", 4000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(connection)
}

/// Opens a file that is only read, such as a backup. Creates no other files beside it.
pub(super) fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // A FIFO would block.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let message = format!("{} is not a regular file", path.display());
        return Err(StoreError::Unusable(message));
    }
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;")?;
    Ok(connection)
}
