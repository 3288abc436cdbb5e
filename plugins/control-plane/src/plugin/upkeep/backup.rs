//! `kt control-plane backup`.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use kt_control_api::Timestamp;
use kt_plugin_api::{Class, Context, Error, Field, Format, Invocation, Output, View};
use serde_json::json;

use super::super::failure;
use super::place::{database_file, must_be_free, told_of_server};
use crate::store;

/// Folder of the state directory for backups that are named by no `--output`.
const FOLDER: &str = "backups";
/// How their names begin and end; between stands the time, so that they sort by it.
const NAME: (&str, &str) = ("control-plane-", ".db");

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let folder = invocation.dirs.state.join(FOLDER);
    let path = match invocation.args.path("output-file") {
        Some(path) => invocation.absolute(&path),
        None => named(&folder).map_err(|error| unusable(&folder, &error))?,
    };
    must_be_free(&path)?;
    context.progress("copying the store …");
    let made = store::backup(&database_file(invocation), &path)
        .map_err(|error| failure::of_store(&error))?;
    let removed = match invocation.args.integer("keep") {
        Some(keep) => prune(&folder, usize::try_from(keep).unwrap_or(usize::MAX).max(1))
            .map_err(|error| unusable(&folder, &error))?,
        None => Vec::new(),
    };
    let value = json!({
        "file": path.display().to_string(),
        "size": made.size,
        "sha256": made.sha256,
        "epoch": made.epoch,
        "audit_seq": made.audit_seq,
        "removed": removed,
    });
    let view = View::Sections(vec![
        View::Message(format!("backed up to {}", path.display())),
        View::Fields(vec![
            Field::new("Bytes", "/size"),
            Field::new("SHA-256", "/sha256").format(Format::Hash),
            Field::new("Trail up to", "/audit_seq"),
        ]),
    ]);
    let output = Output::new("kt.control-plane.backup/1", value, view).named("/file");
    Ok(told_of_server(invocation, output))
}

/// A name of the moment in the folder, which is made.
fn named(folder: &Path) -> io::Result<PathBuf> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
    Ok(folder.join(format!("{}{time}{}", NAME.0, NAME.1)))
}

/// Removes all but the newest backups of the folder. Returns what was removed.
fn prune(folder: &Path, keep: usize) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(NAME.0) && name.ends_with(NAME.1) {
            found.push(name);
        }
    }
    found.sort();
    found.truncate(found.len().saturating_sub(keep));
    for name in &found {
        fs::remove_file(folder.join(name))?;
        // It may never have had one.
        drop(fs::remove_file(folder.join(format!("{name}.sha256"))));
    }
    Ok(found)
}

fn unusable(folder: &Path, error: &io::Error) -> Error {
    let message = format!("the folder `{}` cannot be used", folder.display());
    Error::new(Class::Unavailable, "backup-folder", message).cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backups_are_kept_and_other_files_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "control-plane-1.db",
            "control-plane-2.db",
            "control-plane-3.db",
            "mine.db",
        ];
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
            fs::write(folder.path().join(format!("{name}.sha256")), "").unwrap();
        }
        assert_eq!(prune(folder.path(), 2).unwrap(), ["control-plane-1.db"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
        assert!(prune(folder.path(), 2).unwrap().is_empty());
    }
}
