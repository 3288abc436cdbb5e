//! What a command returns: a value, and a description of how to show it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a cell is shown to a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellFormat {
    /// As it is.
    #[default]
    Text,
    /// An RFC 3339 time, shown as an age on a terminal.
    Age,
    /// A state word, coloured by its meaning.
    State,
    /// A sha256, shortened.
    Hash,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Header, upper-case.
    pub header: String,
    /// JSON pointer (RFC 6901) into each item.
    pub path: String,
    /// Only shown with `-o wide`.
    #[serde(default)]
    pub wide: bool,
    /// How to show it.
    #[serde(default)]
    pub format: CellFormat,
}

/// A line of a description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Label.
    pub label: String,
    /// JSON pointer into the value; lines without a value are left out.
    pub path: String,
    /// How to show it.
    #[serde(default)]
    pub format: CellFormat,
}

/// How a value is shown to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// A table of the items at JSON pointer `rows`.
    Table {
        /// Where the items are; empty for the value itself.
        rows: String,
        /// Columns in order.
        columns: Vec<Column>,
        /// What is said instead of an empty table.
        empty: String,
    },
    /// Label and value, a line each.
    Fields(Vec<Field>),
    /// Text as it is, such as a file's bytes or a diff.
    Text(String),
    /// Several of these, one under another.
    Sections(Vec<View>),
    /// One line on the talk stream: what was done.
    Message(String),
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Name and version of the value's shape: `kt.gateway.list/1`.
    pub schema: String,
    /// The value; exactly what `-o json` prints.
    pub value: Value,
    /// How to show it to a person.
    pub view: View,
    /// JSON pointer to what `-o name` prints: of each item, or of the value.
    #[serde(default)]
    pub name_path: String,
    /// A class or declared outcome other than `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Said on the talk stream after the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Output {
    /// A value of a schema, shown by a view.
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

    /// Where `-o name` finds its text.
    #[must_use]
    pub fn name_path(mut self, pointer: impl Into<String>) -> Self {
        self.name_path = pointer.into();
        self
    }

    /// A class name or declared outcome other than `ok`.
    #[must_use]
    pub fn outcome(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = Some(outcome.into());
        self
    }

    /// Something to say after the data.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Column {
    /// A column that is always shown.
    pub fn new(header: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            path: path.into(),
            wide: false,
            format: CellFormat::Text,
        }
    }

    /// The same column in another format.
    #[must_use]
    pub fn format(mut self, format: CellFormat) -> Self {
        self.format = format;
        self
    }

    /// The same column, only with `-o wide`.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

impl Field {
    /// A line of a description.
    pub fn new(label: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            path: path.into(),
            format: CellFormat::Text,
        }
    }

    /// The same line in another format.
    #[must_use]
    pub fn format(mut self, format: CellFormat) -> Self {
        self.format = format;
        self
    }
}

/// Something that a long-running command did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Stable name: `listening`.
    pub event: String,
    /// For a person.
    pub message: String,
    /// For machines.
    #[serde(default)]
    pub data: Value,
}
