//! `kt control-plane restore`.

use std::path::Path;

use kt_plugin_api::{Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::error;
use super::store_handle::{database_file, note_local_store, user_change};
use crate::embedded::ServerLock;
use crate::store::{self, StoreError, prepare_directory};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let from = invocation.resolve_path(Path::new(invocation.required("input-file")?));
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
    let done = store::restore(&path, &from, &user_change()).map_err(store_error)?;
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
