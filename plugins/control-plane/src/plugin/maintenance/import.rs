//! `kt control-plane import`.

use std::io::BufReader;
use std::path::Path;

use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::database::DatabaseOptions;
use super::super::error;
use super::store_handle::{StoreHandle, user_change};
use crate::args::ControlPlaneImportArgs;
use crate::embedded::{LockError, SharedLock};
use crate::store::{ExportHeader, ExportReader, ImportSummary, StoreError, prepare_directory};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let args: ControlPlaneImportArgs = invocation.arguments()?;
    let path = invocation.resolve_path(&args.input_file);
    let failed = |error: &StoreError| import_error(error, &path);
    let file = context.open_file(&path).map_err(|error| {
        let message = format!("cannot read `{}`", path.display());
        Error::new(Class::Usage, "unreadable-file", message).cause(error)
    })?;
    let failed = |error: StoreError| match context.check_cancelled() {
        Err(cancelled) => cancelled.hint("nothing was imported"),
        Ok(()) => failed(&error),
    };
    let mut reader = ExportReader::new(BufReader::new(file)).map_err(failed)?;
    let header = reader.header().clone();
    let database = DatabaseOptions {
        url: args.database.as_deref(),
        password_file: args.database_password_file.as_deref(),
    };
    let _lock = lock_file_store(&database, invocation)?;
    let store = StoreHandle::open(&database, (invocation, context), true)?;
    context.progress("importing …");
    let imported = store
        .transfer()
        .import(&user_change(), &header, &mut reader)
        .map_err(failed)?;
    let output = result(&path, &header, &imported);
    Ok(store.note_if_local(invocation, output))
}

/// Locks a store in a file against a server. A database can be imported into while servers run.
fn lock_file_store(
    database: &DatabaseOptions<'_>,
    invocation: &Invocation,
) -> Result<Option<SharedLock>, Error> {
    let directory = &invocation.dirs.state;
    if database.url.is_some() {
        return Ok(None);
    }
    prepare_directory(directory).map_err(|error| error::from_store(&error))?;
    let lock = SharedLock::take(directory)
        .map_err(|error| error::from_lock(&LockError::Failed(directory.clone(), error)))?;
    lock.map(Some).ok_or_else(|| {
        error::from_lock(&LockError::Served(directory.clone()))
            .hint("stop `kt control-plane serve` before an import")
    })
}

fn import_error(store_error: &StoreError, path: &Path) -> Error {
    let error = error::from_store(store_error);
    match store_error {
        StoreError::InvalidExport { line, .. } => {
            let line = u32::try_from(*line).unwrap_or(u32::MAX);
            error
                .at(path.display().to_string(), line, 1)
                .hint("nothing was imported; create the export again")
        }
        StoreError::Corrupt(_) => error.hint(
            "nothing was imported; `kt control-plane export --gateway` exports single gateways without the audit log",
        ),
        StoreError::AlreadyExists(_) => error.hint(
            "nothing was imported; rename the gateway with `kt gateway update --name`, or export other gateways with `--gateway`",
        ),
        _ => error,
    }
}

fn result(path: &Path, header: &ExportHeader, imported: &ImportSummary) -> Output {
    let complete = header.whole && (imported.audit > 0 || imported.gateways.is_empty());
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
            Field::new("Audit log rows", "/audit"),
        ]),
    ]);
    let output = Output::new("kt.control-plane.import/1", value, view).name_path("/gateways");
    if complete || !header.whole {
        return output;
    }
    output.note(
        "the store was not empty: deleted gateways, access tokens and the audit log were not imported",
    )
}
