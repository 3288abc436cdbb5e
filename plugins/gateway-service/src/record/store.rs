//! The record store: `<state>/service/<name>/service.json`, and one lock per
//! service.

use super::lock::Lock;
use super::service_record::{Record, SCHEMA};
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{ProbeOutcome, ServiceName};
use kt_plugin_api::{Class, Error};
use std::path::{Path, PathBuf};

/// Readable only by the user: the record names what runs and where.
const MODE: u32 = 0o600;
/// The file of the record.
const RECORD: &str = "service.json";
/// Why the host parked the service.
const PARKED: &str = "parked.json";
/// The recent starts, which the host counts.
const STARTS: &str = "starts.json";

/// The records of all services.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    root: PathBuf,
}

impl Records {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            root: state.join("service"),
        }
    }

    /// Returns the directory of one service.
    pub(crate) fn dir(&self, name: &ServiceName) -> PathBuf {
        self.root.join(name.as_str())
    }

    /// Returns the names of the services that have a record.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten();
        let names = entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            entry.path().join(RECORD).is_file().then_some(name)
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn path(&self, name: &ServiceName) -> PathBuf {
        self.dir(name).join(RECORD)
    }

    /// Returns the path of the file in which the host writes why it parked the
    /// service.
    pub(crate) fn parked_path(&self, name: &ServiceName) -> PathBuf {
        self.dir(name).join(PARKED)
    }

    /// Locks one service.
    ///
    /// # Errors
    /// Class `conflict` when another process holds the lock.
    pub(crate) fn lock(&self, name: &ServiceName) -> Result<Lock, Error> {
        Lock::acquire(&self.root.join(format!("{name}.lock")), name)
    }

    /// Reads a record; returns `None` when the service is not installed.
    ///
    /// # Errors
    /// Class `plugin` for a record that cannot be parsed, such as one of a newer
    /// version: ignoring it could destroy the service that it describes.
    pub(crate) fn read(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
    ) -> Result<Option<Record>, Error> {
        let path = self.path(name);
        let bytes = runner.read(&path).map_err(|e| unreadable(&path, e))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let record: Record = serde_json::from_slice(&bytes).map_err(|e| unreadable(&path, e))?;
        if record.schema == SCHEMA {
            return Ok(Some(record));
        }
        let cause = format!("its schema is `{}`", record.schema);
        Err(unreadable(&path, cause))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// Class `unavailable` when the file cannot be written.
    pub(crate) fn write(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
        record: &Record,
    ) -> Result<(), Error> {
        let path = self.path(name);
        let mut text = serde_json::to_string_pretty(record)
            .map_err(|e| Error::internal("cannot serialize the service record").cause(e))?;
        text.push('\n');
        runner.write(&path, MODE, text.as_bytes()).map_err(|e| {
            let message = format!("cannot write {}", path.display());
            Error::new(Class::Unavailable, "record-not-written", message).cause(e)
        })
    }

    /// Restores the previous record, or removes the record if there was none.
    ///
    /// # Errors
    /// As [`Records::write`].
    pub(crate) fn restore(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
        previous: Option<&Record>,
    ) -> Result<(), Error> {
        match previous {
            Some(record) => self.write(runner, name, record),
            None => remove(runner, &self.path(name)),
        }
    }

    /// Removes the exit state of earlier runs, because the user requests a new
    /// start. A starting host removes it too, but until then it would be read as
    /// the exit state of the new run.
    pub(crate) fn clear_exit_state(&self, runner: &dyn Runner, name: &ServiceName) {
        for file in [PARKED, STARTS] {
            drop(runner.remove(&self.dir(name).join(file)));
        }
    }

    /// Removes the files that the host keeps beside the record for a supervised
    /// run. With `purge` the log and the backups of edited files are removed too.
    ///
    /// # Errors
    /// As [`Records::write`].
    pub(crate) fn remove_run_files(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
        purge: bool,
    ) -> Result<(), Error> {
        let dir = self.dir(name);
        let ProbeOutcome::Entries(names) = runner.list(&dir) else {
            return Ok(());
        };
        let exit_state = |file: &str| matches!(file, PARKED | STARTS);
        names
            .iter()
            .filter(|file| exit_state(file) || (purge && *file != RECORD))
            .try_for_each(|file| remove(runner, &dir.join(file)))
    }

    /// Returns the readable records of all services but `name`.
    pub(crate) fn other_services(
        &self,
        runner: &dyn Runner,
        name: &ServiceName,
    ) -> Vec<(ServiceName, Record)> {
        let ProbeOutcome::Entries(names) = runner.list(&self.root) else {
            return Vec::new();
        };
        names
            .iter()
            .filter_map(|n| ServiceName::parse(n).ok())
            .filter(|n| n != name)
            .filter_map(|n| Some((n.clone(), self.read(runner, &n).ok()??)))
            .collect()
    }
}

fn remove(runner: &dyn Runner, path: &Path) -> Result<(), Error> {
    runner.remove(path).map(drop).map_err(|e| {
        let message = format!("cannot remove {}", path.display());
        Error::new(Class::Unavailable, "record-not-written", message).cause(e)
    })
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Error {
    let message = format!("cannot read the service record {}", path.display());
    Error::new(Class::Plugin, "record-unreadable", message)
        .cause(cause)
        .hint("if a newer version of kt wrote it, use that version")
}
