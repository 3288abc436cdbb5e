//! Rows of training text.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde_json::Value;

/// One text with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whether it is an attack.
    pub attack: bool,
    /// Where it is from.
    pub source: String,
    /// The text.
    pub text: String,
    /// Where the attack stands, if it is planted in harmless text.
    pub span: Option<Range<usize>>,
}

/// Reads rows from a file with one JSON object a line, with the keys `label`
/// (0 or 1), `src` and `text`.
///
/// # Errors
/// The file cannot be read, or a line is not a row.
pub fn read_rows(path: &Path) -> Result<Vec<Row>, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let rows = text.lines().zip(1..).map(|(line, number)| {
        row(line).ok_or_else(|| {
            format!(
                "{}:{number}: not an object with label, src and text",
                path.display()
            )
        })
    });
    rows.collect()
}

fn row(line: &str) -> Option<Row> {
    let value: Value = serde_json::from_str(line).ok()?;
    Some(Row {
        attack: value["label"].as_u64()? == 1,
        source: value["src"].as_str()?.to_owned(),
        text: value["text"].as_str()?.to_owned(),
        span: None,
    })
}
