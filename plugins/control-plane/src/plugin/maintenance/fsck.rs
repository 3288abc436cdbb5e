//! `kt control-plane fsck`.

use std::path::Path;

use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

use super::super::database::DatabaseOptions;
use super::super::error;
use super::integrity::StoreIntegrity;
use super::store_handle::StoreHandle;
use crate::args::ControlPlaneFsckArgs;
use crate::store::{IntegrityReport, SqliteStore, StoreError};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let args: ControlPlaneFsckArgs = invocation.arguments()?;
    let database = DatabaseOptions {
        url: args.database.as_deref(),
        password_file: args.database_password_file.as_deref(),
    };
    let store = match args.file {
        Some(file) => {
            let file = invocation.resolve_path(&file);
            SqliteStore::open_read_only(&file)
                .map(StoreHandle::File)
                .map_err(|error| unusable(&file, error))?
        }
        None => StoreHandle::open(&database, (invocation, context), false)?,
    };
    let integrity = StoreIntegrity::check(&store, context)?;
    Ok(store.note_if_local(invocation, output(&integrity)))
}

fn unusable(file: &Path, store_error: StoreError) -> Error {
    error::from_store(&match store_error {
        StoreError::UnsupportedSchema { .. } => store_error,
        other => StoreError::Corrupt(format!("{} cannot be used: {other}", file.display())),
    })
}

fn output(integrity: &StoreIntegrity) -> Output {
    let StoreIntegrity { damage, report, .. } = integrity;
    let intact = damage.is_empty();
    let messages = |lines: &[String]| -> Vec<Value> {
        lines.iter().map(|line| json!({"message": line})).collect()
    };
    let value = json!({
        "result": if intact { "intact" } else { "damaged" },
        "gateways": report.gateways,
        "versions": report.versions,
        "tokens": report.tokens,
        "audit": integrity.audit_rows,
        "head": integrity.audit_head,
        "damage": messages(damage),
        "notes": messages(&report.notes),
    });
    let output =
        Output::new("kt.control-plane.fsck/1", value, view(intact, report)).name_path("/result");
    if intact {
        output
    } else {
        output
            .outcome(Class::Negative.name())
            .note("use `kt control-plane restore` to replace the store with a backup")
    }
}

fn view(intact: bool, report: &IntegrityReport) -> View {
    let mut sections = vec![View::Fields(vec![
        Field::new("Result", "/result").format(CellFormat::State),
        Field::new("Gateways", "/gateways"),
        Field::new("Versions", "/versions"),
        Field::new("Tokens", "/tokens"),
        Field::new("Audit log rows", "/audit"),
        Field::new("Head", "/head"),
    ])];
    let mut table = |rows: &str, title: &str| {
        sections.push(View::Table {
            rows: rows.to_owned(),
            columns: vec![Column::new(title, "/message")],
            empty: String::new(),
        });
    };
    if !intact {
        table("/damage", "DAMAGE");
    }
    if !report.notes.is_empty() {
        table("/notes", "NOTE");
    }
    View::Sections(sections)
}
