//! Bringing a file to the newest schema, and finding out whether this program may use it.

use jiff::Timestamp;
use kt_control_api::random_base32;
use rusqlite::{Connection, OptionalExtension};

use super::audit;
use super::busy::{begin, retry_while_busy};
use super::write_transaction::WriteTransaction;
use crate::store::StoreError;

/// "ktcp" in ASCII: tells the file apart from other SQLite files.
const APPLICATION_ID: i32 = 0x6b74_6370;

/// One step per schema version, applied in order and never changed after a release.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
];

/// The oldest schema that a program may know and still write this one. A step that only adds
/// leaves it alone, so that a gateway that runs an older kt goes on.
const OLDEST_WRITER: u32 = 1;
/// The same for reading.
const OLDEST_READER: u32 = 1;

/// Newest schema this program knows.
#[expect(
    clippy::cast_possible_truncation,
    reason = "there will not be that many steps"
)]
pub(super) const NEWEST: u32 = STEPS.len() as u32;

/// Brings the file up to date. Returns the schema it has then.
pub(super) fn migrate(connection: &Connection) -> Result<u32, StoreError> {
    let found = retry_while_busy(|| user_version(connection))?;
    if found == NEWEST {
        check_application(connection)?;
        return Ok(found);
    }
    // Otherwise a table that is made anew takes what refers to it along.
    connection.pragma_update(None, "foreign_keys", false)?;
    let brought = bring(connection);
    connection.pragma_update(None, "foreign_keys", true)?;
    brought
}

fn bring(connection: &Connection) -> Result<u32, StoreError> {
    let transaction = begin(connection)?;
    // Another process may have been faster.
    let found = user_version(&transaction)?;
    if found > NEWEST {
        check_application(&transaction)?;
        return tolerate(&transaction, found);
    }
    if found > 0 {
        check_application(&transaction)?;
    } else {
        check_empty(&transaction)?;
    }
    for step in &STEPS[found as usize..] {
        transaction.execute_batch(step)?;
    }
    let write = WriteTransaction::of(&transaction);
    audit::seal(&write)?;
    finish(&write, found)?;
    check_references(&write)?;
    transaction.commit()?;
    Ok(NEWEST)
}

/// Says that a file that is not to be migrated has the schema this program knows.
pub(super) fn known(connection: &Connection) -> Result<u32, StoreError> {
    check_application(connection)?;
    match user_version(connection)? {
        NEWEST => Ok(NEWEST),
        found if found > NEWEST => Err(StoreError::UnsupportedSchema {
            found,
            supported: NEWEST,
        }),
        found => Err(StoreError::Unusable(format!(
            "the file has the older schema {found}, which this kt knows only after bringing it to {NEWEST}"
        ))),
    }
}

/// Says that a file is a store which this program can bring to the schema it knows.
pub(super) fn restorable(connection: &Connection) -> Result<(), StoreError> {
    check_application(connection)?;
    let found = user_version(connection)?;
    if found > NEWEST {
        tolerate(connection, found)?;
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

/// Makes sure of what SQLite was not asked to watch over.
fn check_references(transaction: &WriteTransaction<'_>) -> Result<(), StoreError> {
    let broken: Option<String> = transaction
        .query_row("PRAGMA foreign_key_check", [], |row| row.get(0))
        .optional()?;
    match broken {
        None => Ok(()),
        Some(table) => Err(StoreError::Corrupt(format!(
            "a row of the table {table} refers to one that is not there"
        ))),
    }
}

fn put(transaction: &WriteTransaction<'_>, key: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta(k, v) VALUES(?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v";
    transaction.execute(sql, [key, value])?;
    Ok(())
}

/// Goes on with a newer schema when its maker said that this program may write it.
fn tolerate(connection: &Connection, found: u32) -> Result<u32, StoreError> {
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
