//! The store of a command.

use std::path::{Path, PathBuf};

use kt_control_api::{Timestamp, new_request_id};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};

use super::super::database::{self, DatabaseOptions};
use super::super::error;
use crate::api::Principal;
use crate::store::{
    ChangeContext, DATABASE_FILE, PostgresStore, SqliteStore, Store, StoreError, Transfer,
    prepare_directory,
};

/// An open store.
pub(super) enum StoreHandle {
    File(SqliteStore),
    Database(PostgresStore),
}

impl StoreHandle {
    /// Opens the database in `--database`, or without one the file in the state directory.
    ///
    /// # Errors
    /// When it cannot be opened. A file that does not exist is created only with `create`.
    pub(super) fn open(
        database: &DatabaseOptions<'_>,
        (invocation, context): (&Invocation, &Context<'_>),
        create: bool,
    ) -> Result<Self, Error> {
        let opened = match database::address(database, invocation, context)? {
            Some(address) => PostgresStore::open(&address).map(Self::Database),
            None => open_file(invocation, create).map(Self::File),
        };
        opened.map_err(|error| error::from_store(&error))
    }

    /// Adds the note of [`note_local_store`], unless the store is a database.
    pub(super) fn note_if_local(&self, invocation: &Invocation, output: Output) -> Output {
        match self {
            Self::File(_) => note_local_store(invocation, output),
            Self::Database(_) => output,
        }
    }

    pub(super) fn store(&self) -> &dyn Store {
        match self {
            Self::File(store) => store,
            Self::Database(store) => store,
        }
    }

    /// Returns the errors of the file, which a database does not have.
    pub(super) fn file_errors(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::File(store) => store.integrity_errors(),
            Self::Database(_) => Ok(Vec::new()),
        }
    }

    /// Returns a function that interrupts [`StoreHandle::file_errors`].
    pub(super) fn interrupter(&self) -> Box<dyn Fn()> {
        match self {
            Self::File(store) => Box::new(store.interrupter()),
            Self::Database(_) => Box::new(|| {}),
        }
    }

    pub(super) fn transfer(&self) -> &dyn Transfer {
        match self {
            Self::File(store) => store,
            Self::Database(store) => store,
        }
    }
}

fn open_file(invocation: &Invocation, create: bool) -> Result<SqliteStore, StoreError> {
    let path = database_file(invocation);
    if !create && !path.exists() {
        return Err(StoreError::NotFound(format!("store in {}", path.display())));
    }
    prepare_directory(&invocation.dirs.state)?;
    SqliteStore::open(&path)
}

/// Returns the path of the file in the state directory.
pub(super) fn database_file(invocation: &Invocation) -> PathBuf {
    invocation.dirs.state.join(DATABASE_FILE)
}

/// Returns a change by the user of this process.
pub(super) fn user_change() -> ChangeContext {
    ChangeContext {
        actor: Principal::local_user(rustix::process::geteuid().as_raw()).actor,
        request_id: new_request_id(),
        now: Timestamp::now(),
        if_match: None,
        idempotency_key: None,
    }
}

/// Fails when a file exists, so that it is not overwritten.
pub(super) fn require_absent(path: &Path) -> Result<(), Error> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("`{}` already exists", path.display());
    Err(Error::new(Class::Conflict, "file-exists", message)
        .hint("specify another file, or remove it first"))
}

/// Adds a note when other commands use a server, because these commands use the local store.
pub(super) fn note_local_store(invocation: &Invocation, output: Output) -> Output {
    if invocation.setting("api.url").is_none() {
        return output;
    }
    output.note(
        "the command used the store in the local state directory, not the server in `api.url`",
    )
}
