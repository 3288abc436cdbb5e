//! Migrates a file to the newest schema, and checks whether this version of kt supports it.

use jiff::Timestamp;
use kt_control_api::random_base32;
use rusqlite::{Connection, OptionalExtension};

use super::audit;
use super::busy::{begin, retry_while_busy};
use super::write_transaction::WriteTransaction;
use crate::store::StoreError;
use crate::store::migrations::SQLITE;

/// "ktcp" in ASCII: the application id of the file.
const APPLICATION_ID: i32 = 0x6b74_6370;

/// The oldest schema whose programs may write this one. A step that only adds columns or tables
/// does not change it, so that a gateway with an older kt continues to work.
const OLDEST_WRITER: u32 = 1;
/// The oldest schema whose programs may read this one.
const OLDEST_READER: u32 = 1;

/// The newest schema that this version supports.
#[expect(clippy::cast_possible_truncation, reason = "there are fewer steps")]
pub(super) const NEWEST: u32 = SQLITE.len() as u32;

/// Migrates the file. Returns its schema.
pub(super) fn migrate(connection: &Connection) -> Result<u32, StoreError> {
    let found = retry_while_busy(|| user_version(connection))?;
    if found == NEWEST {
        check_application(connection)?;
        return Ok(found);
    }
    // Otherwise dropping a table that is created again would delete the rows that refer to it.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = run_steps(connection);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

fn run_steps(connection: &Connection) -> Result<u32, StoreError> {
    let transaction = begin(connection)?;
    // Another process may have migrated the file.
    let found = user_version(&transaction)?;
    if found > NEWEST {
        check_application(&transaction)?;
        return accept_newer(&transaction, found);
    }
    if found > 0 {
        check_application(&transaction)?;
    } else {
        check_empty(&transaction)?;
    }
    for step in &SQLITE[found as usize..] {
        transaction.execute_batch(step)?;
    }
    let write = WriteTransaction::of(&transaction);
    audit::seal(&write)?;
    finish(&write, found)?;
    check_references(&write)?;
    transaction.commit()?;
    Ok(NEWEST)
}

/// Checks that a file that must not be migrated has the newest schema.
pub(super) fn require_newest(connection: &Connection) -> Result<u32, StoreError> {
    check_application(connection)?;
    match user_version(connection)? {
        NEWEST => Ok(NEWEST),
        found if found > NEWEST => Err(StoreError::UnsupportedSchema {
            found,
            supported: NEWEST,
        }),
        found => Err(StoreError::Unusable(format!(
            "the file has the older schema {found}, which must be migrated to {NEWEST} first"
        ))),
    }
}

/// Checks that a file is a store that this version can migrate.
pub(super) fn require_migratable(connection: &Connection) -> Result<(), StoreError> {
    check_application(connection)?;
    let found = user_version(connection)?;
    if found > NEWEST {
        accept_newer(connection, found)?;
    }
    Ok(())
}

fn finish(transaction: &WriteTransaction<'_>, found: u32) -> Result<(), StoreError> {
    if found == 0 {
        let now = Timestamp::now().as_microsecond();
        put(transaction, "epoch", &random_base32(16))?;
        put(transaction, "created_at", &now.to_string())?;
    }
    put(transaction, "oldest_writer", &OLDEST_WRITER.to_string())?;
    put(transaction, "oldest_reader", &OLDEST_READER.to_string())?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", NEWEST)?;
    Ok(())
}

/// Checks the foreign keys, which were disabled during the migration.
fn check_references(transaction: &WriteTransaction<'_>) -> Result<(), StoreError> {
    let broken: Option<String> = transaction
        .query_row("PRAGMA foreign_key_check", [], |row| row.get(0))
        .optional()?;
    match broken {
        None => Ok(()),
        Some(table) => Err(StoreError::Corrupt(format!(
            "a row of the table {table} refers to one that does not exist"
        ))),
    }
}

fn put(transaction: &WriteTransaction<'_>, key: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta(k, v) VALUES(?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v";
    transaction.execute(sql, [key, value])?;
    Ok(())
}

/// Accepts a newer schema whose creator declared that this version may write it.
fn accept_newer(connection: &Connection, found: u32) -> Result<u32, StoreError> {
    let sql = "SELECT v FROM meta WHERE k = 'oldest_writer'";
    let oldest: String = connection.query_row(sql, [], |row| row.get(0))?;
    match oldest.parse::<u32>() {
        Ok(oldest) if oldest <= NEWEST => Ok(found),
        _ => Err(StoreError::UnsupportedSchema {
            found,
            supported: NEWEST,
        }),
    }
}

fn user_version(connection: &Connection) -> Result<u32, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn check_application(connection: &Connection) -> Result<(), StoreError> {
    let read = || connection.pragma_query_value(None, "application_id", |row| row.get::<_, i32>(0));
    if retry_while_busy(read)? == APPLICATION_ID {
        return Ok(());
    }
    Err(StoreError::Unusable(
        "the file is a database, but not one of kt's control plane".to_owned(),
    ))
}

fn check_empty(connection: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema";
    if connection.query_row(sql, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(());
    }
    check_application(connection)
}
