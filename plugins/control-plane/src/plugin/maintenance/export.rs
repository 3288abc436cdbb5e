//! `kt control-plane export`.

use std::io::{self, BufWriter};
use std::path::Path;

use kt_control_api::{PrivateTempFile, Timestamp};
use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::database::DatabaseOptions;
use super::super::error;
use super::store_handle::{StoreHandle, require_absent};
use crate::args::ControlPlaneExportArgs;
use crate::store::{ExportHeader, ExportRecord, ExportWriter, GatewayRef, Selection, StoreError};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let args: ControlPlaneExportArgs = invocation.arguments()?;
    let path = invocation.resolve_path(&args.output_file);
    require_absent(&path)?;
    let database = DatabaseOptions {
        url: args.database.as_deref(),
        password_file: args.database_password_file.as_deref(),
    };
    let store = StoreHandle::open(&database, (invocation, context), false)?;
    let selection = select(&store, &args.gateway)?;
    context.progress("exporting …");
    let counts = write(&store, &selection, &path).map_err(|error| error::from_store(&error))?;
    let value = json!({
        "file": path.display().to_string(),
        "complete": selection == Selection::Whole,
        "gateways": counts.gateways,
        "versions": counts.versions,
        "records": counts.records,
    });
    let view = View::Sections(vec![
        View::Message(format!("exported to {}", path.display())),
        View::Fields(vec![
            Field::new("Gateways", "/gateways"),
            Field::new("Versions", "/versions"),
        ]),
    ]);
    let output = Output::new("kt.control-plane.export/1", value, view)
        .name_path("/file")
        .note("running gateways keep using this store: stop them, or configure the other store, before changes are made to both");
    Ok(store.note_if_local(invocation, output))
}

/// The numbers of exported objects.
#[derive(Default)]
struct ExportCounts {
    gateways: u64,
    versions: u64,
    records: u64,
}

fn select(store: &StoreHandle, names: &[String]) -> Result<Selection, Error> {
    if names.is_empty() {
        return Ok(Selection::Whole);
    }
    let found = names
        .iter()
        .map(|name| Ok(store.store().find(&GatewayRef::parse(name))?.gateway.id))
        .collect::<Result<_, StoreError>>();
    found.map(Selection::Gateways).map_err(|error| match error {
        StoreError::NotFound(what) => {
            let message = format!("there is no {what}");
            Error::new(Class::NotFound, "not-found", message)
                .hint("`kt gateway list` shows the gateways")
        }
        other => error::from_store(&other),
    })
}

fn write(
    store: &StoreHandle,
    selection: &Selection,
    path: &Path,
) -> Result<ExportCounts, StoreError> {
    let failed = |error: io::Error| StoreError::Failed(format!("{}: {error}", path.display()));
    let draft = PrivateTempFile::beside(path).map_err(failed)?;
    let header = ExportHeader {
        format: ExportHeader::FORMAT.to_owned(),
        kt: env!("CARGO_PKG_VERSION").to_owned(),
        exported_at: Timestamp::now(),
        epoch: store.store().epoch()?,
        whole: *selection == Selection::Whole,
    };
    let file = BufWriter::new(draft.open().map_err(failed)?);
    let mut writer = ExportWriter::new(file, &header).map_err(failed)?;
    let mut counts = ExportCounts::default();
    store.transfer().export(selection, &mut |record| {
        counts.gateways += u64::from(matches!(record, ExportRecord::Gateway(_)));
        counts.versions += u64::from(matches!(record, ExportRecord::Version(_)));
        writer.record(&record).map_err(failed)
    })?;
    counts.records = writer.finish().map_err(failed)?.1;
    draft.persist(path).map_err(failed)?;
    Ok(counts)
}
