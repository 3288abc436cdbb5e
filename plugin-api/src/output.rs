//! The result of a command: a value, and a description of its display.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// How a cell is displayed. A format of a later minor version reads as [`Self::Text`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(!from))]
#[serde(rename_all = "kebab-case", from = "String")]
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

impl From<String> for CellFormat {
    fn from(name: String) -> Self {
        match name.as_str() {
            "age" => Self::Age,
            "state" => Self::State,
            "hash" => Self::Hash,
            _ => Self::Text,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Field {
    /// Label.
    pub label: String,
    /// JSON pointer into the value; a field without a value is omitted.
    pub path: String,
    /// How the value is displayed.
    #[serde(default)]
    pub format: CellFormat,
}

/// How a value is displayed. A view of a later minor version reads as [`Self::Json`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// A table of the items at JSON pointer `rows`.
    Table {
        /// JSON pointer to the items; empty for the value itself.
        #[cfg_attr(feature = "schema", schemars(default))]
        rows: String,
        /// Columns in order.
        columns: Vec<Column>,
        /// Text that replaces an empty table.
        #[cfg_attr(feature = "schema", schemars(default))]
        empty: String,
    },
    /// One labeled line per field.
    Fields(Vec<Field>),
    /// Unchanged text, such as the content of a file or a diff.
    Text(String),
    /// The lines of a difference, colored by their first character: `+`, `-`, `~`, or `@`. What
    /// follows the word `WEAKENS` stands out.
    Diff(String),
    /// Problems of files in the form of rustc: lines that begin with `error` or `warning`,
    /// locations after `-->`, and marks of `^`, which are colored.
    Diagnostics(String),
    /// Several views, one below the other.
    Sections(Vec<View>),
    /// One line on standard error, such as a confirmation.
    Message(String),
    /// The value as JSON.
    Json,
    /// The view that the feature `next` adds.
    #[cfg(feature = "next")]
    Gauge(String),
}

/// The content of [`View::Table`].
#[derive(Deserialize)]
struct TableView {
    #[serde(default)]
    rows: String,
    columns: Vec<Column>,
    #[serde(default)]
    empty: String,
}

impl<'de> Deserialize<'de> for View {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Object(view) = Value::deserialize(deserializer)? else {
            return Ok(Self::Json);
        };
        Self::from_object(view).map_err(D::Error::custom)
    }
}

impl View {
    /// Only the content of a known view can be malformed.
    fn from_object(view: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let Some((name, content)) = view.into_iter().next() else {
            return Ok(Self::Json);
        };
        Ok(match name.as_str() {
            "table" => {
                let TableView {
                    rows,
                    columns,
                    empty,
                } = serde_json::from_value(content)?;
                Self::Table {
                    rows,
                    columns,
                    empty,
                }
            }
            "fields" => Self::Fields(serde_json::from_value(content)?),
            "text" => Self::Text(serde_json::from_value(content)?),
            "diff" => Self::Diff(serde_json::from_value(content)?),
            "diagnostics" => Self::Diagnostics(serde_json::from_value(content)?),
            "sections" => Self::Sections(serde_json::from_value(content)?),
            "message" => Self::Message(serde_json::from_value(content)?),
            #[cfg(feature = "next")]
            "gauge" => Self::Gauge(serde_json::from_value(content)?),
            _ => Self::Json,
        })
    }
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Stable name: `listening`.
    pub event: String,
    /// Message for the user.
    pub message: String,
    /// Data for programs.
    #[serde(default)]
    pub data: Value,
}

#[cfg(test)]
mod tests {
    use super::{CellFormat, Column, Field, Output, View};
    use serde_json::{Value, json};

    fn output(view: Value) -> Result<Output, serde_json::Error> {
        serde_json::from_value(json!({ "schema": "a/1", "value": { "a": 1 }, "view": view }))
    }

    #[test]
    fn every_view_survives_the_boundary() {
        let column = Column::new("A", "/a").format(CellFormat::Age).wide();
        let table = View::Table {
            rows: "/rows".to_owned(),
            columns: vec![column],
            empty: "none".to_owned(),
        };
        let fields = View::Fields(vec![Field::new("A", "/a").format(CellFormat::Hash)]);
        let text = View::Text("text".to_owned());
        let diff = View::Diff("+ a".to_owned());
        let diagnostics = View::Diagnostics("error: a".to_owned());
        let sections = View::Sections(vec![text.clone(), View::Json]);
        let message = View::Message("done".to_owned());
        for view in [
            table,
            fields,
            text,
            diff,
            diagnostics,
            sections,
            message,
            View::Json,
        ] {
            let json = serde_json::to_value(&view).unwrap();
            assert_eq!(serde_json::from_value::<View>(json).unwrap(), view);
        }
    }

    #[test]
    fn unknown_words_do_not_cost_the_result() {
        for view in [json!({ "chart": { "x": 1 } }), json!("gauge"), json!({})] {
            assert_eq!(output(view).unwrap().view, View::Json);
        }
        let unknown_format = json!({ "fields": [
            { "label": "A", "path": "/a", "format": "bytes", "later": 1 }
        ] });
        let expected = View::Fields(vec![Field::new("A", "/a")]);
        assert_eq!(output(unknown_format).unwrap().view, expected);
    }

    #[test]
    fn a_malformed_view_is_an_error() {
        assert!(output(json!({ "fields": [{ "path": "/a" }] })).is_err());
        assert!(output(json!({ "text": 1 })).is_err());
    }
}
