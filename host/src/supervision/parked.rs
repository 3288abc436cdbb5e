//! Why a service was parked: `parked.json`, read by whoever shows its state.

use super::write::put;
use jiff::Timestamp;
use kt_plugin_api::Error;
use serde_json::json;
use std::path::Path;

const FILE: &str = "parked.json";

/// A new run is a new try.
pub(super) fn forget(dir: &Path) {
    drop(std::fs::remove_file(dir.join(FILE)));
}

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
    put(dir, FILE, format!("{value:#}\n").as_bytes());
}
