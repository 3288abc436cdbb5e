//! `kt control-plane restore`.

use std::path::Path;

use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::error;
use super::integrity::StoreIntegrity;
use super::store_handle::{StoreHandle, database_file, note_local_store, user_change};
use crate::args::ControlPlaneRestoreArgs;
use crate::embedded::ServerLock;
use crate::store::{PreparedRestore, SqliteStore, StoreError, prepare_directory};

/// The number of damages that an error lists.
const MAX_DAMAGES: usize = 5;

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let args: ControlPlaneRestoreArgs = invocation.arguments()?;
    let from = invocation.resolve_path(&args.input_file);
    let path = database_file(invocation);
    let store_error = |error: StoreError| error::from_store(&error);
    if !from.is_file() {
        let missing = StoreError::NotFound(format!("file {}", from.display()));
        return Err(store_error(missing));
    }
    prepare_directory(&invocation.dirs.state).map_err(store_error)?;
    if path.exists() {
        context.confirm(&format!(
            "Replace the store {} with {}? The present store is kept under another name.",
            path.display(),
            from.display()
        ))?;
    }
    let _lock = ServerLock::take(&invocation.dirs.state).map_err(|error| {
        error::from_lock(&error).hint("stop `kt control-plane serve` before a restore")
    })?;
    let change = user_change();
    let prepared = PreparedRestore::new(&path, &from, &change).map_err(store_error)?;
    require_intact(prepared.file(), context)?;
    let done = prepared.replace(&path, &change).map_err(store_error)?;
    let previous_store = done.previous.map(|path| path.display().to_string());
    let value = json!({
        "restored_from": from.display().to_string(),
        "checksum": if done.checksum { "matches" } else { "missing" },
        "from_epoch": done.from_epoch,
        "epoch": done.epoch,
        "previous_store": previous_store,
    });
    let view = View::Sections(vec![
        View::Message(format!("restored from {}", from.display())),
        View::Fields(vec![
            Field::new("Previous store", "/previous_store"),
            Field::new("Checksum", "/checksum"),
            Field::new("Epoch", "/epoch"),
        ]),
    ]);
    let output = Output::new("kt.control-plane.restore/1", value, view)
        .name_path("/epoch")
        .note("gateways detect the new epoch and apply the desired version of the restored store");
    Ok(note_local_store(invocation, output))
}

/// Checks the copy of a backup as `kt control-plane fsck` does, so that the store is not replaced
/// with a damaged one.
fn require_intact(copy: &Path, context: &Context<'_>) -> Result<(), Error> {
    let store = SqliteStore::open_read_only(copy)
        .map(StoreHandle::File)
        .map_err(|error| error::from_store(&error))?;
    let damage = StoreIntegrity::check(&store, context)?.damage;
    if damage.is_empty() {
        return Ok(());
    }
    let message = "the backup is damaged; the store was not replaced";
    let mut error = Error::new(Class::Usage, "damaged", message);
    for line in damage.iter().take(MAX_DAMAGES) {
        error = error.cause(line);
    }
    if damage.len() > MAX_DAMAGES {
        error = error.cause(format!("and {} more", damage.len() - MAX_DAMAGES));
    }
    Err(error.hint("restore an older backup; `kt control-plane fsck --file FILE` checks one"))
}
