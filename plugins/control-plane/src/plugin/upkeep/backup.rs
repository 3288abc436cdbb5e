//! `kt control-plane backup`.

use std::path::Path;

use kt_control_api::{BackupInfo, BackupRequest, connect};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::failure;
use super::place::{database_file, must_be_free, told_of_server};
use crate::store::{self, BackupDirectory, BackupSummary};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let keep = invocation.args.integer("keep").map(kept).transpose()?;
    if invocation.args.flag("server") {
        context.progress("the server copies its store …");
        let made = connect(invocation, context)?.back_up(&BackupRequest { keep })?;
        return Ok(output(&made.file, &made)
            .note("the file is in the folder `backups` of the server's state directory"));
    }
    context.progress("copying the store …");
    let made = match invocation.args.path("output-file") {
        Some(path) => copy(invocation, &invocation.resolve_path(&path))?,
        None => in_folder(invocation, keep)?,
    };
    Ok(told_of_server(invocation, made))
}

/// A copy in a file of the user's own.
fn copy(invocation: &Invocation, path: &Path) -> Result<Output, Error> {
    must_be_free(path)?;
    let made = store::backup(&database_file(invocation), path);
    let made: BackupSummary = made.map_err(|error| failure::of_store(&error))?;
    let file = path.display().to_string();
    let made = BackupInfo {
        file: file.clone(),
        size: made.size,
        sha256: made.sha256,
        epoch: made.epoch,
        audit_seq: made.audit_seq,
        removed: Vec::new(),
    };
    Ok(output(&file, &made))
}

/// One more in the folder of the state directory.
fn in_folder(invocation: &Invocation, keep: Option<u32>) -> Result<Output, Error> {
    let backups = BackupDirectory::of(&invocation.dirs.state);
    let made = backups.make(keep.map(|keep| keep as usize));
    let made = made.map_err(|error| failure::of_store(&error))?;
    let file = backups.folder().join(&made.file).display().to_string();
    Ok(output(&file, &made))
}

fn kept(keep: i64) -> Result<u32, Error> {
    u32::try_from(keep)
        .ok()
        .filter(|keep| *keep > 0)
        .ok_or_else(|| {
            Error::new(Class::Usage, "bad-keep", "`--keep` must be above 0")
                .hint("the newest is always kept")
        })
}

fn output(file: &str, made: &BackupInfo) -> Output {
    let value = json!({
        "file": file,
        "size": made.size,
        "sha256": made.sha256,
        "epoch": made.epoch,
        "audit_seq": made.audit_seq,
        "removed": made.removed,
    });
    let view = View::Sections(vec![
        View::Message(format!("backed up to {file}")),
        View::Fields(vec![
            Field::new("Bytes", "/size"),
            Field::new("SHA-256", "/sha256").format(CellFormat::Hash),
            Field::new("Trail up to", "/audit_seq"),
        ]),
    ]);
    Output::new("kt.control-plane.backup/1", value, view).name_path("/file")
}
