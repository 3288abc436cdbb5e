//! The rows of the matrix in `docs/gateway-clients.md`.

use crate::harness::{assert_golden, workspace};
use serde_json::Value;
use std::sync::Mutex;

const DOCUMENT: &str = "docs/gateway-clients.md";

/// The scenarios in the order of the columns; streams of tool calls come after them.
const SCENARIOS: [&str; 7] = [
    "chat",
    "stream",
    "structured",
    "refusal",
    "refusal in a stream",
    "one attempt",
    "cancellation",
];

/// Tests run in parallel and write to the same document.
static WRITER: Mutex<()> = Mutex::new(());

/// The results of a client.
pub(super) struct Row {
    title: String,
    cells: String,
}

impl Row {
    /// Formats the results of a driver.
    pub(super) fn new(title: &str, result: &Value, failures: &Value) -> Self {
        let state = |scenario: &str| {
            if failures[scenario].is_null() {
                "ok".to_owned()
            } else {
                "not ok".to_owned()
            }
        };
        let styles = result["styles"].as_array().map_or(0, Vec::len);
        let failed = failures.as_object().map_or(0, |all| {
            all.keys().filter(|name| name.starts_with("tools ")).count()
        });
        let mut cells = vec![text(result, "version")];
        cells.extend(SCENARIOS.map(|scenario| match scenario {
            "refusal" | "refusal in a stream" if failures[scenario].is_null() => {
                format!("`{}`", text(&result["errors"], scenario))
            }
            _ => state(scenario),
        }));
        cells.insert(3, format!("{} of {styles}", styles - failed));
        Self {
            title: title.to_owned(),
            cells: cells.join(" | "),
        }
    }

    fn prefix(&self) -> String {
        format!("| {} | ", self.title)
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("?").to_owned()
}

/// Asserts that the document has this row.
///
/// # Panics
/// When it has another one; `KT_BLESS=1` writes it instead.
pub(super) fn assert_row(row: &Row, failures: &Value) {
    let _writer = WRITER.lock().unwrap_or_else(|e| e.into_inner());
    let document = std::fs::read_to_string(workspace().join(DOCUMENT)).unwrap_or_default();
    let prefix = row.prefix();
    let count = document.lines().filter(|l| l.starts_with(&prefix)).count();
    assert_eq!(count, 1, "{DOCUMENT} needs one row `{prefix}`");
    let lines = document.lines().map(|line| {
        if line.starts_with(&prefix) {
            format!("{prefix}{} |\n", row.cells)
        } else {
            format!("{line}\n")
        }
    });
    let actual: String = lines.collect();
    if actual != document {
        report(failures);
    }
    assert_golden(DOCUMENT, &actual);
}

/// Prints why scenarios failed: the document shows only which.
#[expect(clippy::print_stderr, reason = "it explains the failure of the test")]
fn report(failures: &Value) {
    eprintln!("{failures:#}");
}
