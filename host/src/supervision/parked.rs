//! `parked.json`: the reason for which a service was parked, for commands that show
//! its status.

use crate::atomic_file;
use jiff::Timestamp;
use kt_plugin_api::Error;
use serde_json::json;
use std::path::Path;

const FILE: &str = "parked.json";

/// Removes the file, at the start of a run.
pub(super) fn remove(dir: &Path) {
    drop(std::fs::remove_file(dir.join(FILE)));
}

/// Writes the file. A failure is ignored, because the exit code still parks the
/// service.
pub(super) fn write(dir: &Path, error: &Error, code: u8) {
    let causes: Vec<String> = error
        .causes
        .iter()
        .cloned()
        .chain(error.problems.iter().map(|p| p.message.clone()))
        .collect();
    let value = json!({
        "schema": "kt.parked/1",
        "at": Timestamp::now().to_string(),
        "exit": code,
        "id": error.id,
        "class": error.class,
        "message": error.message,
        "causes": causes,
        "hints": error.hints,
    });
    let text = format!("{value:#}\n");
    drop(atomic_file::replace(&dir.join(FILE), text.as_bytes()));
}
