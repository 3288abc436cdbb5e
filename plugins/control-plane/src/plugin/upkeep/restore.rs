//! `kt control-plane restore`.

use kt_plugin_api::{Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::failure;
use super::place::{change, database_file, told_of_server};
use crate::embedded::ServerLock;
use crate::store::{self, StoreError, prepare_directory};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let from = invocation.resolve_path(std::path::Path::new(invocation.required("input-file")?));
    let path = database_file(invocation);
    let of_store = |error: StoreError| failure::of_store(&error);
    if !from.is_file() {
        let missing = StoreError::NotFound(format!("file {}", from.display()));
        return Err(of_store(missing));
    }
    prepare_directory(&invocation.dirs.state).map_err(of_store)?;
    if path.exists() {
        context.confirm(&format!(
            "put {} in the place of the store {}, which is kept under another name?",
            from.display(),
            path.display()
        ))?;
    }
    let _alone = ServerLock::take(&invocation.dirs.state).map_err(|error| {
        failure::of_lock(&error).hint("stop `kt control-plane serve`, restore, and start it again")
    })?;
    let done = store::restore(&path, &from, &change()).map_err(of_store)?;
    let kept = done.kept.map(|path| path.display().to_string());
    let value = json!({
        "restored_from": from.display().to_string(),
        "checksum": if done.checksum { "matches" } else { "missing" },
        "from_epoch": done.from_epoch,
        "epoch": done.epoch,
        "kept": kept,
    });
    let view = View::Sections(vec![
        View::Message(format!("restored from {}", from.display())),
        View::Fields(vec![
            Field::new("Store before", "/kept"),
            Field::new("Checksum", "/checksum"),
            Field::new("Epoch", "/epoch"),
        ]),
    ]);
    let output = Output::new("kt.control-plane.restore/1", value, view)
        .name_path("/epoch")
        .note("gateways notice the new epoch by themselves and take what is desired now");
    Ok(told_of_server(invocation, output))
}
