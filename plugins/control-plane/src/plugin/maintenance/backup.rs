//! `kt control-plane backup`.

use std::path::Path;

use kt_control_api::{BackupInfo, BackupRequest, connect};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

use super::super::error;
use super::store_handle::{database_file, note_local_store, require_absent};
use crate::args::ControlPlaneBackupArgs;
use crate::store::{self, BackupDirectory, BackupSummary};

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let args: ControlPlaneBackupArgs = invocation.arguments()?;
    let keep = args.keep.map(check_keep).transpose()?;
    if args.server {
        context.progress("the server is creating a backup …");
        let backup = connect(invocation, context)?.back_up(&BackupRequest { keep })?;
        return Ok(output(&backup.file, &backup)
            .note("the file is in the directory `backups` in the state directory of the server"));
    }
    context.progress("creating a backup …");
    let output = match args.output_file {
        Some(path) => to_file(invocation, &invocation.resolve_path(&path))?,
        None => to_directory(invocation, keep)?,
    };
    Ok(note_local_store(invocation, output))
}

/// Creates a backup in the file that the user chose.
fn to_file(invocation: &Invocation, path: &Path) -> Result<Output, Error> {
    require_absent(path)?;
    let backup = store::backup(&database_file(invocation), path);
    let backup: BackupSummary = backup.map_err(|error| error::from_store(&error))?;
    let file = path.display().to_string();
    let info = BackupInfo {
        file: file.clone(),
        size: backup.size,
        sha256: backup.sha256,
        epoch: backup.epoch,
        audit_seq: backup.audit_seq,
        removed: Vec::new(),
    };
    Ok(output(&file, &info))
}

/// Creates a backup in the directory `backups` of the state directory.
fn to_directory(invocation: &Invocation, keep: Option<u32>) -> Result<Output, Error> {
    let backups = BackupDirectory::of(&invocation.dirs.state);
    let info = backups.create(keep.map(|keep| keep as usize));
    let info = info.map_err(|error| error::from_store(&error))?;
    let file = backups.path().join(&info.file).display().to_string();
    Ok(output(&file, &info))
}

fn check_keep(keep: i64) -> Result<u32, Error> {
    u32::try_from(keep)
        .ok()
        .filter(|keep| *keep > 0)
        .ok_or_else(|| {
            Error::new(Class::Usage, "invalid-keep", "`--keep` must be above 0")
                .hint("the newest backup is always kept")
        })
}

fn output(file: &str, info: &BackupInfo) -> Output {
    let value = json!({
        "file": file,
        "size": info.size,
        "sha256": info.sha256,
        "epoch": info.epoch,
        "audit_seq": info.audit_seq,
        "removed": info.removed,
    });
    let view = View::Sections(vec![
        View::Message(format!("backed up to {file}")),
        View::Fields(vec![
            Field::new("Bytes", "/size"),
            Field::new("SHA-256", "/sha256").format(CellFormat::Hash),
            Field::new("Audit log up to", "/audit_seq"),
        ]),
    ]);
    Output::new("kt.control-plane.backup/1", value, view).name_path("/file")
}
