//! Columns that the user defines.

use super::path::{Path, text};
use serde_json::Value;

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns(Vec<(String, Path)>);

impl Columns {
    /// Parses `NAME:PATH,NAME:PATH`.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn parse(spec: &str) -> Result<Self, String> {
        let columns: Result<Vec<_>, String> = spec.split(',').map(column).collect();
        columns.map(Self)
    }

    /// Returns the headers.
    pub(super) fn headers(&self) -> Vec<String> {
        self.0.iter().map(|(header, _)| header.clone()).collect()
    }

    /// Returns the cells of an item; `<none>` where it has no value, as kubectl has it.
    pub(super) fn cells(&self, item: &Value) -> Vec<String> {
        let cell = |path: &Path| {
            let values = path.select(item);
            let values = values.into_iter().filter(|value| !value.is_null());
            let texts: Vec<String> = values.map(text).collect();
            if texts.is_empty() {
                "<none>".to_owned()
            } else {
                texts.join(",")
            }
        };
        self.0.iter().map(|(_, path)| cell(path)).collect()
    }
}

fn column(spec: &str) -> Result<(String, Path), String> {
    let parts = spec.split_once(':');
    let (header, path) = parts
        .filter(|(header, path)| !header.is_empty() && !path.is_empty())
        .ok_or_else(|| format!("`{spec}` is not a column: expected NAME:PATH"))?;
    Ok((header.to_owned(), Path::parse(path)?))
}
