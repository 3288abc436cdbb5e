//! The result of a command: a value, and a description of its display.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a cell is displayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellFormat {
    /// Unchanged.
    #[default]
    Text,
    /// An RFC 3339 time, displayed as an age on a terminal.
    Age,
    /// A state, colored by its meaning.
    State,
    /// A SHA-256 hash, abbreviated.
    Hash,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Header, upper-case.
    pub header: String,
    /// JSON pointer (RFC 6901) into each item.
    pub path: String,
    /// Only displayed with `-o wide`.
    #[serde(default)]
    pub wide: bool,
    /// How the value is displayed.
    #[serde(default)]
    pub format: CellFormat,
}

/// A labeled line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Label.
    pub label: String,
    /// JSON pointer into the value; a field without a value is omitted.
    pub path: String,
    /// How the value is displayed.
    #[serde(default)]
    pub format: CellFormat,
}

/// How a value is displayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// A table of the items at JSON pointer `rows`.
    Table {
        /// JSON pointer to the items; empty for the value itself.
        rows: String,
        /// Columns in order.
        columns: Vec<Column>,
        /// Text that replaces an empty table.
        empty: String,
    },
    /// One labeled line per field.
    Fields(Vec<Field>),
    /// Unchanged text, such as the content of a file or a diff.
    Text(String),
    /// Several views, one below the other.
    Sections(Vec<View>),
    /// One line on standard error, such as a confirmation.
    Message(String),
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Name and version of the value's schema: `kt.gateway.list/1`.
    pub schema: String,
    /// The value; exactly what `-o json` prints.
    pub value: Value,
    /// How the value is displayed.
    pub view: View,
    /// JSON pointer to the text that `-o name` prints, relative to each item or
    /// to the value.
    #[serde(default)]
    pub name_path: String,
    /// A class name or declared outcome other than `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Lines that are printed to standard error after the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Output {
    /// Creates a result.
    pub fn new(schema: impl Into<String>, value: Value, view: View) -> Self {
        Self {
            schema: schema.into(),
            value,
            view,
            name_path: String::new(),
            outcome: None,
            notes: Vec::new(),
        }
    }

    /// Sets the JSON pointer to the text that `-o name` prints.
    #[must_use]
    pub fn name_path(mut self, pointer: impl Into<String>) -> Self {
        self.name_path = pointer.into();
        self
    }

    /// Sets a class name or declared outcome other than `ok`.
    #[must_use]
    pub fn outcome(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = Some(outcome.into());
        self
    }

    /// Adds a line that is printed to standard error after the value.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Column {
    /// Creates a column that is always displayed.
    pub fn new(header: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            path: path.into(),
            wide: false,
            format: CellFormat::Text,
        }
    }

    /// Sets the format.
    #[must_use]
    pub fn format(mut self, format: CellFormat) -> Self {
        self.format = format;
        self
    }

    /// Displays the column only with `-o wide`.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

impl Field {
    /// Creates a field.
    pub fn new(label: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            path: path.into(),
            format: CellFormat::Text,
        }
    }

    /// Sets the format.
    #[must_use]
    pub fn format(mut self, format: CellFormat) -> Self {
        self.format = format;
        self
    }
}

/// An event of a long-running command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Stable name: `listening`.
    pub event: String,
    /// Message for the user.
    pub message: String,
    /// Data for programs.
    #[serde(default)]
    pub data: Value,
}
