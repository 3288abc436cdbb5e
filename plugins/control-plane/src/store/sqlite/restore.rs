//! Replaces the file with a backup.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use kt_control_api::{PrivateTempFile, random_base32, sync_parent_directory};
use rusqlite::Connection;
use serde_json::json;

use super::backup::{checksum_file, digest, failed, integrity_errors};
use super::connection;
use super::write_transaction::WriteTransaction;
use super::{audit, migrate};
use crate::crash::crash_point;
use crate::store::{ChangeContext, StoreError};

/// The result of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreSummary {
    /// The epoch of the backup.
    pub from_epoch: String,
    /// The epoch of the restored store.
    pub epoch: String,
    /// The path of the previous store, if there was one.
    pub previous: Option<PathBuf>,
    /// Whether the backup had a checksum.
    pub checksum: bool,
}

/// A copy of a backup, ready to replace a store. Dropping it changes nothing.
pub struct PreparedRestore {
    copy: PrivateTempFile,
    from_epoch: String,
    epoch: String,
    checksum: bool,
}

impl PreparedRestore {
    /// Copies the backup `from` beside the store `path`, and migrates the copy.
    ///
    /// The copy gets a new epoch, from which gateways learn that their index is invalid.
    ///
    /// # Errors
    /// When the backup does not match its checksum, its file is corrupt, or it has an unsupported
    /// schema.
    pub fn new(path: &Path, from: &Path, change: &ChangeContext) -> Result<Self, StoreError> {
        let checksum = verify_checksum(from)?;
        let copy = PrivateTempFile::beside(path).map_err(|error| failed(path, &error))?;
        fs::copy(from, copy.path()).map_err(|error| failed(from, &error))?;
        let (from_epoch, epoch) = prepare_copy(copy.path(), change)?;
        Ok(Self {
            copy,
            from_epoch,
            epoch,
            checksum,
        })
    }

    /// Returns the path of the copy.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.copy.path()
    }

    /// Replaces the store `path` with the copy. The caller holds the lock that excludes all other
    /// processes. Until the last step the previous store is in place; it is kept under another
    /// name.
    ///
    /// # Errors
    /// When a file cannot be written; the previous store is in place then.
    pub fn replace(
        self,
        path: &Path,
        change: &ChangeContext,
    ) -> Result<RestoreSummary, StoreError> {
        let previous = match path.exists() {
            true => Some(set_aside(path, change)?),
            false => None,
        };
        crash_point("restore.aside");
        self.copy
            .persist(path)
            .map_err(|error| failed(path, &error))?;
        Ok(RestoreSummary {
            from_epoch: self.from_epoch,
            epoch: self.epoch,
            previous,
            checksum: self.checksum,
        })
    }
}

/// Compares a backup with its checksum, if there is one.
fn verify_checksum(from: &Path) -> Result<bool, StoreError> {
    let found = digest(from).map_err(|error| failed(from, &error))?.1;
    let expected = match fs::read_to_string(checksum_file(from)) {
        Ok(expected) => expected,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(&checksum_file(from), &error)),
    };
    if expected.split_whitespace().next() == Some(&found.to_string()) {
        return Ok(true);
    }
    Err(StoreError::Corrupt(format!(
        "{} does not match {}: it was changed or is corrupt",
        from.display(),
        checksum_file(from).display()
    )))
}

/// Checks a copy of the backup, migrates it and gives it a new epoch.
fn prepare_copy(copy: &Path, change: &ChangeContext) -> Result<(String, String), StoreError> {
    let file = Connection::open(copy)?;
    // One file, without a log beside it; the log is enabled again when it is opened.
    let settings = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";
    file.execute_batch(settings)
        .map_err(StoreError::from)
        .and_then(|()| migrate::require_migratable(&file))
        .map_err(unusable)?;
    if let Some(error) = integrity_errors(&file).map_err(unusable)?.first() {
        return Err(StoreError::Corrupt(format!(
            "the backup is corrupt: {error}"
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

/// Gives the previous store a second name, so that the first one can be replaced atomically, and
/// removes its log, which SQLite would apply to the new file.
fn set_aside(path: &Path, change: &ChangeContext) -> Result<PathBuf, StoreError> {
    let time = change.now.strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
    let previous = beside(path, &format!(".before-restore-{time}"));
    let aside = |error: io::Error| failed(&previous, &error);
    fs::hard_link(path, &previous).map_err(aside)?;
    let log = beside(path, "-wal");
    if checkpoint(path).is_ok() {
        remove(&log).map_err(aside)?;
    } else if log.exists() {
        // A corrupt store keeps its log, beside its new name.
        fs::rename(&log, beside(&previous, "-wal")).map_err(aside)?;
    }
    remove(&beside(path, "-shm")).map_err(aside)?;
    sync_parent_directory(path).map_err(aside)?;
    Ok(previous)
}

/// Checkpoints the whole log.
fn checkpoint(path: &Path) -> Result<(), StoreError> {
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
