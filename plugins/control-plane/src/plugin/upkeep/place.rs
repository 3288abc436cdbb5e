//! Which store a command is about, and files that it reads and writes.

use std::path::{Path, PathBuf};

use kt_control_api::{Timestamp, new_request_id};
use kt_plugin_api::{Class, Error, Invocation, Output};

use super::super::{database, failure};
use crate::api::Principal;
use crate::store::{
    ChangeContext, DATABASE_FILE, PostgresStore, SqliteStore, Store, StoreError, Transfer,
    prepare_directory,
};

/// A store that can be moved.
pub(super) enum Place {
    File(SqliteStore),
    Database(PostgresStore),
}

impl Place {
    /// Opens the database that the call names, else the file of the state directory.
    ///
    /// # Errors
    /// When it cannot be opened. A file is made only when `make` says so.
    pub(super) fn open(invocation: &Invocation, make: bool) -> Result<Self, Error> {
        let opened = match database::of(invocation)? {
            Some(address) => PostgresStore::open(&address).map(Self::Database),
            None => open_file(invocation, make).map(Self::File),
        };
        opened.map_err(|error| failure::of_store(&error))
    }

    pub(super) fn store(&self) -> &dyn Store {
        match self {
            Self::File(store) => store,
            Self::Database(store) => store,
        }
    }

    pub(super) fn transfer(&self) -> &dyn Transfer {
        match self {
            Self::File(store) => store,
            Self::Database(store) => store,
        }
    }
}

fn open_file(invocation: &Invocation, make: bool) -> Result<SqliteStore, StoreError> {
    let path = database_file(invocation);
    if !make && !path.exists() {
        return Err(StoreError::NotFound(format!("store in {}", path.display())));
    }
    prepare_directory(&invocation.dirs.state)?;
    SqliteStore::open(&path)
}

/// The file of the state directory.
pub(super) fn database_file(invocation: &Invocation) -> PathBuf {
    invocation.dirs.state.join(DATABASE_FILE)
}

/// A change by the user of this process.
pub(super) fn change() -> ChangeContext {
    ChangeContext {
        actor: Principal::local_user(rustix::process::geteuid().as_raw()).actor,
        request_id: new_request_id(),
        now: Timestamp::now(),
        if_match: None,
        idempotency_key: None,
    }
}

/// Refuses to write over a file.
pub(super) fn must_be_free(path: &Path) -> Result<(), Error> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("`{}` exists already", path.display());
    Err(Error::new(Class::Conflict, "file-exists", message)
        .hint("name another file, or remove it first"))
}

/// These commands are about the store of this machine, whatever server other commands ask.
pub(super) fn told_of_server(invocation: &Invocation, output: Output) -> Output {
    let server = invocation.setting("api.url");
    if server.is_none() || invocation.args.text("database").is_some() {
        return output;
    }
    output.note(
        "this was the store in this machine's state directory, not that of the server in `api.url`",
    )
}
