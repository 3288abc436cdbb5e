//! `kt control-plane export`.

use std::io::{self, BufWriter};
use std::path::Path;

use kt_control_api::{PrivateTempFile, Timestamp};
use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::failure;
use super::place::{Place, must_be_free, told_of_server};
use crate::store::{ExportHeader, ExportRecord, ExportWriter, GatewayRef, Selection, StoreError};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let path = invocation.resolve_path(Path::new(invocation.required("output-file")?));
    must_be_free(&path)?;
    let place = Place::open(invocation, false)?;
    let selection = selection(&place, &invocation.args.texts("gateway"))?;
    context.progress("writing the export …");
    let told = write(&place, &selection, &path).map_err(|error| failure::of_store(&error))?;
    let value = json!({
        "file": path.display().to_string(),
        "whole": selection == Selection::Whole,
        "gateways": told.gateways,
        "versions": told.versions,
        "records": told.records,
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
        .note("what gateways run does not change: stop them, or point them at the other store, before both are written to");
    Ok(told_of_server(invocation, output))
}

/// What was written.
#[derive(Default)]
struct Told {
    gateways: u64,
    versions: u64,
    records: u64,
}

fn selection(place: &Place, names: &[&str]) -> Result<Selection, Error> {
    if names.is_empty() {
        return Ok(Selection::Whole);
    }
    let found = names
        .iter()
        .map(|name| Ok(place.store().find(&GatewayRef::parse(name))?.gateway.id))
        .collect::<Result<_, StoreError>>();
    found.map(Selection::Gateways).map_err(|error| match error {
        StoreError::NotFound(what) => {
            let message = format!("there is no {what}");
            Error::new(Class::NotFound, "not-found", message)
                .hint("`kt gateway list` shows the gateways")
        }
        other => failure::of_store(&other),
    })
}

fn write(place: &Place, selection: &Selection, path: &Path) -> Result<Told, StoreError> {
    let failed = |error: io::Error| StoreError::Failed(format!("{}: {error}", path.display()));
    let draft = PrivateTempFile::beside(path).map_err(failed)?;
    let header = ExportHeader {
        format: ExportHeader::FORMAT.to_owned(),
        kt: env!("CARGO_PKG_VERSION").to_owned(),
        exported_at: Timestamp::now(),
        epoch: place.store().epoch()?,
        whole: *selection == Selection::Whole,
    };
    let file = BufWriter::new(draft.open().map_err(failed)?);
    let mut writer = ExportWriter::new(file, &header).map_err(failed)?;
    let mut told = Told::default();
    place.transfer().export(selection, &mut |record| {
        told.gateways += u64::from(matches!(record, ExportRecord::Gateway(_)));
        told.versions += u64::from(matches!(record, ExportRecord::Version(_)));
        writer.record(&record).map_err(failed)
    })?;
    told.records = writer.finish().map_err(failed)?.1;
    draft.keep(path).map_err(failed)?;
    Ok(told)
}
