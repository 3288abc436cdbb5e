//! `kt audit export`: the trail as lines of JSON, the oldest row first.

use super::wanted::wanted;
use kt_control_api::{AuditEntry, Client, PrivateTempFile, Transport, connect};
use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The most that the API gives on one page.
const PAGE: u32 = 200;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    match invocation.args.text("output-file") {
        Some(file) => to_file(
            &invocation.resolve_path(Path::new(file)),
            invocation,
            context,
        ),
        None => to_output(invocation, context),
    }
}

/// Hands the rows over as they come. What is said besides goes elsewhere: to a program that reads
/// the rows it would be one of them.
fn to_output(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let client = connect(invocation, context)?;
    let mut rows = 0_u64;
    each(invocation, context, &client, &mut |row| {
        rows += 1;
        let value = serde_json::to_value(&row).map_err(unwritten)?;
        let line = serde_json::to_string(&row).map_err(unwritten)? + "\n";
        let part = Output::new("kt.audit.row/1", value, View::Text(line));
        context.partial_result(&part.name_path("/seq"));
        context.check_cancelled()
    })?;
    let none = View::Text(String::new());
    let total = Output::new("kt.audit.export/1", Value::Null, none);
    Ok(total.note(format!("{rows} rows exported")))
}

fn unwritten(error: serde_json::Error) -> Error {
    Error::internal("a row cannot be written as JSON").cause(error)
}

fn to_file(path: &Path, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    if fs::symlink_metadata(path).is_ok() {
        let message = format!("`{}` exists already", path.display());
        return Err(Error::new(Class::Conflict, "file-exists", message)
            .hint("choose another name, or remove the file"));
    }
    let client = connect(invocation, context)?;
    let failed = |error: io::Error| unwritable(path, &error);
    let draft = PrivateTempFile::beside(path).map_err(failed)?;
    let mut file = BufWriter::new(draft.open().map_err(failed)?);
    let mut rows = 0_u64;
    each(invocation, context, &client, &mut |row| {
        rows += 1;
        let line = serde_json::to_string(&row).map_err(io::Error::other);
        line.and_then(|line| writeln!(file, "{line}"))
            .map_err(failed)
    })?;
    file.flush().map_err(failed)?;
    drop(file);
    draft.keep(path).map_err(failed)?;
    let value = json!({"file": path.display().to_string(), "rows": rows});
    let view = View::Sections(vec![
        View::Message(format!("exported to {}", path.display())),
        View::Fields(vec![Field::new("Rows", "/rows")]),
    ]);
    Ok(Output::new("kt.audit.export/1", value, view).name_path("/file"))
}

fn each<T: Transport>(
    invocation: &Invocation,
    context: &Context<'_>,
    client: &Client<T>,
    take: &mut dyn FnMut(AuditEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut query = wanted(invocation, client)?;
    query.oldest_first = true;
    query.limit = Some(PAGE);
    let mut read = 0;
    loop {
        context.check_cancelled()?;
        let page = client.audit(&query)?;
        read += page.items.len();
        page.items.into_iter().try_for_each(&mut *take)?;
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(());
        }
        context.progress(&format!("{read} rows exported"));
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let message = format!("`{}` cannot be written", path.display());
    Error::new(Class::Unavailable, "export-file", message).cause(error)
}
