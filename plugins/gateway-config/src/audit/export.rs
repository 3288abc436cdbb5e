//! `kt audit export`: exports the audit log as lines of JSON, oldest entry first.

use super::query::{Filter, query};
use crate::args::AuditExportArgs;
use kt_control_api::{AuditEntry, Client, PrivateTempFile, Transport, connect};
use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The maximum page size of the API.
const PAGE_SIZE: u32 = 200;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: AuditExportArgs = invocation.arguments()?;
    let filter = Filter {
        target: args.target,
        actor: args.actor,
        action: args.action,
        since: args.since,
        until: args.until,
    };
    match args.output_file {
        Some(file) => {
            let path = invocation.resolve_path(&file);
            export_to_file(&path, &filter, invocation, context)
        }
        None => export_to_stdout(&filter, invocation, context),
    }
}

/// Prints the rows as they arrive. Everything else goes to stderr, because a program that reads the
/// rows would take it for one of them.
fn export_to_stdout(
    filter: &Filter,
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let client = connect(invocation, context)?;
    let mut rows = 0_u64;
    for_each_entry(filter, context, &client, &mut |row| {
        rows += 1;
        let value = serde_json::to_value(&row).map_err(serialize_error)?;
        let line = serde_json::to_string(&row).map_err(serialize_error)? + "\n";
        let part = Output::new("kt.audit.row/1", value, View::Text(line));
        context.partial_result(&part.name_path("/seq"));
        context.check_cancelled()
    })?;
    let empty = View::Text(String::new());
    let total = Output::new("kt.audit.export/1", Value::Null, empty);
    Ok(total.note(format!("{rows} rows exported")))
}

fn serialize_error(error: serde_json::Error) -> Error {
    Error::internal("a row cannot be serialized as JSON").cause(error)
}

fn export_to_file(
    path: &Path,
    filter: &Filter,
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    if fs::symlink_metadata(path).is_ok() {
        let message = format!("`{}` already exists", path.display());
        return Err(Error::new(Class::Conflict, "file-exists", message)
            .hint("choose another name, or remove the file"));
    }
    let client = connect(invocation, context)?;
    let write_error = |error: io::Error| write_error(path, &error);
    let temporary = PrivateTempFile::beside(path).map_err(write_error)?;
    let mut file = BufWriter::new(temporary.open().map_err(write_error)?);
    let mut rows = 0_u64;
    for_each_entry(filter, context, &client, &mut |row| {
        rows += 1;
        let line = serde_json::to_string(&row).map_err(io::Error::other);
        line.and_then(|line| writeln!(file, "{line}"))
            .map_err(write_error)
    })?;
    file.flush().map_err(write_error)?;
    drop(file);
    temporary.persist(path).map_err(write_error)?;
    let value = json!({"file": path.display().to_string(), "rows": rows});
    let view = View::Sections(vec![
        View::Message(format!("exported to {}", path.display())),
        View::Fields(vec![Field::new("Rows", "/rows")]),
    ]);
    Ok(Output::new("kt.audit.export/1", value, view).name_path("/file"))
}

fn for_each_entry<T: Transport>(
    filter: &Filter,
    context: &Context<'_>,
    client: &Client<T>,
    visit: &mut dyn FnMut(AuditEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut query = query(filter, client)?;
    query.oldest_first = true;
    query.limit = Some(PAGE_SIZE);
    let mut read = 0;
    loop {
        context.check_cancelled()?;
        let page = client.audit(&query)?;
        read += page.items.len();
        page.items.into_iter().try_for_each(&mut *visit)?;
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(());
        }
        context.progress(&format!("{read} rows exported"));
    }
}

fn write_error(path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot write `{}`", path.display());
    Error::new(Class::Unavailable, "export-file", message).cause(error)
}
