//! Putting a backup in the place of the file.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use kt_control_api::{PrivateTempFile, random_base32, sync_parent_directory};
use rusqlite::Connection;
use serde_json::json;

use super::backup::{checksum_file, digest, failed, file_damage};
use super::connection;
use super::write_transaction::WriteTransaction;
use super::{audit, migrate};
use crate::crash::crash_point;
use crate::store::{ChangeContext, StoreError};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreSummary {
    /// The history the backup belonged to.
    pub from_epoch: String,
    /// The history that begins now.
    pub epoch: String,
    /// Where the store lies that was there before.
    pub kept: Option<PathBuf>,
    /// Whether there was a checksum to compare with.
    pub checksum: bool,
}

/// Puts the backup `from` in the place of the store `path`. The caller holds the lock that keeps
/// everybody else out. Until the very last step the old store is in its place; it is kept.
///
/// The store gets a new epoch, by which gateways notice that their index means nothing any more.
///
/// # Errors
/// When the backup is none, is damaged or was made by a newer kt; nothing has changed then.
pub fn restore(
    path: &Path,
    from: &Path,
    change: &ChangeContext,
) -> Result<RestoreSummary, StoreError> {
    let checksum = check_sum(from)?;
    let draft = PrivateTempFile::beside(path).map_err(|error| failed(path, &error))?;
    fs::copy(from, draft.path()).map_err(|error| failed(from, &error))?;
    let (from_epoch, epoch) = renew(draft.path(), change)?;
    let kept = match path.exists() {
        true => Some(set_aside(path, change)?),
        false => None,
    };
    crash_point("restore.aside");
    draft.persist(path).map_err(|error| failed(path, &error))?;
    Ok(RestoreSummary {
        from_epoch,
        epoch,
        kept,
        checksum,
    })
}

/// Compares a backup with the checksum beside it, if there is one.
fn check_sum(from: &Path) -> Result<bool, StoreError> {
    let found = digest(from).map_err(|error| failed(from, &error))?.1;
    let noted = match fs::read_to_string(checksum_file(from)) {
        Ok(noted) => noted,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(&checksum_file(from), &error)),
    };
    if noted.split_whitespace().next() == Some(&found.to_string()) {
        return Ok(true);
    }
    Err(StoreError::Corrupt(format!(
        "{} is not what {} says: it was changed or is damaged",
        from.display(),
        checksum_file(from).display()
    )))
}

/// Checks a copy of the backup, brings it up to date and gives it an epoch of its own.
fn renew(copy: &Path, change: &ChangeContext) -> Result<(String, String), StoreError> {
    let file = Connection::open(copy)?;
    // One file, without a log beside it; the next who opens it turns the log on.
    let settings = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";
    file.execute_batch(settings)
        .map_err(StoreError::from)
        .and_then(|()| migrate::restorable(&file))
        .map_err(unusable)?;
    if let Some(damage) = file_damage(&file).map_err(unusable)?.first() {
        return Err(StoreError::Corrupt(format!(
            "the backup is damaged: {damage}"
        )));
    }
    migrate::migrate(&file)?;
    let from_epoch: String =
        file.query_row("SELECT v FROM meta WHERE k = 'epoch'", [], |row| row.get(0))?;
    let epoch = random_base32(16);
    let transaction = file.unchecked_transaction()?;
    transaction.execute("UPDATE meta SET v = ?1 WHERE k = 'epoch'", [&epoch])?;
    let detail = json!({"from": from_epoch});
    audit::record(
        &WriteTransaction::of(&transaction),
        change,
        "store.restore",
        &epoch,
        None,
        &detail,
    )?;
    transaction.commit()?;
    Ok((from_epoch, epoch))
}

fn unusable(error: StoreError) -> StoreError {
    match error {
        StoreError::UnsupportedSchema { .. } => error,
        other => StoreError::Corrupt(format!("the backup cannot be used: {other}")),
    }
}

/// Gives the old store a second name, so that the first one can be taken over in one step, and
/// takes its log away: SQLite would play it into the new file.
fn set_aside(path: &Path, change: &ChangeContext) -> Result<PathBuf, StoreError> {
    let time = change.now.strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
    let kept = beside(path, &format!(".before-restore-{time}"));
    let aside = |error: io::Error| failed(&kept, &error);
    fs::hard_link(path, &kept).map_err(aside)?;
    let log = beside(path, "-wal");
    if fold(path).is_ok() {
        remove(&log).map_err(aside)?;
    } else if log.exists() {
        // A damaged store keeps its log, beside its new name.
        fs::rename(&log, beside(&kept, "-wal")).map_err(aside)?;
    }
    remove(&beside(path, "-shm")).map_err(aside)?;
    sync_parent_directory(path).map_err(aside)?;
    Ok(kept)
}

/// Plays the log into the file, all of it.
fn fold(path: &Path) -> Result<(), StoreError> {
    let file = connection::open(path)?;
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    match file.query_row(sql, [], |row| row.get::<_, i64>(0))? {
        0 => Ok(()),
        _ => Err(StoreError::Busy(0)),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}
