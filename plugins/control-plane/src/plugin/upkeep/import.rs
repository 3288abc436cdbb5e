//! `kt control-plane import`.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::failure;
use super::place::{Place, change, told_of_server};
use crate::embedded::{LockError, SharedLock};
use crate::store::{ExportHeader, ExportReader, ImportSummary, StoreError, prepare_directory};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let path = invocation.resolve_path(Path::new(invocation.required("input-file")?));
    let bad = |error: &StoreError| told(error, &path);
    let file = File::open(&path).map_err(|error| {
        let message = format!("cannot read `{}`", path.display());
        Error::new(Class::Usage, "unreadable-file", message).cause(error)
    })?;
    let mut reader = ExportReader::new(BufReader::new(file)).map_err(|error| bad(&error))?;
    let header = reader.header().clone();
    let _shared = shared(invocation)?;
    let place = Place::open(invocation, true)?;
    context.progress("taking the export in …");
    let imported = place
        .transfer()
        .import(&change(), &header, &mut reader)
        .map_err(|error| bad(&error))?;
    let output = result(&path, &header, &imported);
    Ok(told_of_server(invocation, output))
}

/// Keeps a server from starting meanwhile; a database needs no such care.
fn shared(invocation: &Invocation) -> Result<Option<SharedLock>, Error> {
    let directory = &invocation.dirs.state;
    if invocation.args.text("database").is_some() {
        return Ok(None);
    }
    prepare_directory(directory).map_err(|error| failure::of_store(&error))?;
    let lock = SharedLock::take(directory)
        .map_err(|error| failure::of_lock(&LockError::Failed(directory.clone(), error)))?;
    lock.map(Some).ok_or_else(|| {
        failure::of_lock(&LockError::Served(directory.clone()))
            .hint("stop `kt control-plane serve`, import, and start it again")
    })
}

fn told(error: &StoreError, path: &Path) -> Error {
    let told = failure::of_store(error);
    match error {
        StoreError::InvalidExport { line, .. } => {
            let line = u32::try_from(*line).unwrap_or(u32::MAX);
            told.at(path.display().to_string(), line, 1)
                .hint("nothing was imported; export it again")
        }
        StoreError::Corrupt(_) => told.hint(
            "nothing was imported; single gateways can be moved without the trail: `kt control-plane export --gateway`",
        ),
        StoreError::AlreadyExists(_) => told.hint(
            "nothing was imported; rename a gateway with `kt gateway update --name`, or export others with `--gateway`",
        ),
        _ => told,
    }
}

fn result(path: &Path, header: &ExportHeader, imported: &ImportSummary) -> Output {
    let whole = header.whole && (imported.audit > 0 || imported.gateways.is_empty());
    let value = json!({
        "file": path.display().to_string(),
        "from_epoch": header.epoch,
        "gateways": imported.gateways,
        "versions": imported.versions,
        "tokens": imported.tokens,
        "audit": imported.audit,
    });
    let view = View::Sections(vec![
        View::Message(format!("imported from {}", path.display())),
        View::Fields(vec![
            Field::new("Gateways", "/gateways"),
            Field::new("Versions", "/versions"),
            Field::new("Tokens", "/tokens"),
            Field::new("Rows of the trail", "/audit"),
        ]),
    ]);
    let output = Output::new("kt.control-plane.import/1", value, view).name_path("/gateways");
    if whole || !header.whole {
        return output;
    }
    output.note(
        "the store was not empty: deleted gateways, access tokens and the trail were left behind",
    )
}
