//! Results: the value for programs, the view for users.

use super::cells::{cell, style};
use super::closed_output::write_error;
use super::style::{TextStyle, styled};
use super::terminal::Terminal;
use super::yaml::yaml;
use crate::options::OutputFormat;
use kt_plugin_api::{Column, Error, Field, Output, View, printable, printable_json};
use serde_json::Value;
use std::sync::atomic::Ordering;
use unicode_width::UnicodeWidthStr;

impl Terminal {
    /// Prints the result of a command.
    ///
    /// # Errors
    /// Class `unavailable` if writing fails, such as on a full disk.
    pub(crate) fn print_output(&self, output: &Output) -> Result<(), Error> {
        let text = self.format_output(output)?;
        self.print_data(&text).map_err(|e| write_error(&e))?;
        self.print_notes(output);
        Ok(())
    }

    /// Prints the notes of a result.
    pub(super) fn print_notes(&self, output: &Output) {
        for note in &output.notes {
            self.print_status(&printable(note));
        }
    }

    /// Formats the data of a result in the requested format.
    ///
    /// # Errors
    /// If it cannot be serialized.
    pub(super) fn format_output(&self, output: &Output) -> Result<String, Error> {
        let for_users = matches!(self.format, OutputFormat::Table | OutputFormat::Wide);
        if output.value.is_null() && !for_users {
            return Ok(String::new());
        }
        Ok(match self.format {
            // After events, the result is one more line.
            OutputFormat::Json if self.streaming.load(Ordering::Relaxed) => {
                format!("{}\n", printable_json(&output.value.to_string()))
            }
            OutputFormat::Json => {
                format!("{}\n", printable_json(&format!("{:#}", output.value)))
            }
            OutputFormat::Yaml => {
                let text = yaml(&output.value)?;
                // After parts, it is one more document.
                let streaming = self.streaming.load(Ordering::Relaxed);
                format!("{}{text}", if streaming { "---\n" } else { "" })
            }
            OutputFormat::Name => names(output),
            OutputFormat::Table | OutputFormat::Wide => self.view(&output.value, &output.view),
        })
    }

    fn view(&self, value: &Value, view: &View) -> String {
        match view {
            View::Text(text) => text.clone(),
            View::Json => format!("{}\n", printable_json(&format!("{value:#}"))),
            #[cfg(feature = "next")]
            View::Gauge(text) => format!("gauge {text}\n"),
            View::Message(line) => {
                self.print_status(&printable(line));
                String::new()
            }
            View::Fields(fields) => self.fields(value, fields),
            View::Table {
                rows,
                columns,
                empty,
            } => self.table(value.pointer(rows), columns, empty),
            View::Sections(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.view(value, part)).collect();
                parts
                    .into_iter()
                    .filter(|p| !p.is_empty())
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        }
    }

    fn fields(&self, value: &Value, fields: &[Field]) -> String {
        let cells: Vec<(&str, String, TextStyle)> = fields
            .iter()
            .map(|f| {
                let text = cell(value.pointer(&f.path), f.format, self.stdout_is_terminal);
                let style = style(&text, f.format);
                (f.label.as_str(), text, style)
            })
            .filter(|(_, text, _)| !text.is_empty())
            .collect();
        let width = cells
            .iter()
            .map(|(label, ..)| label.width())
            .max()
            .unwrap_or(0)
            + 1;
        cells
            .iter()
            .map(|(label, text, style)| {
                format!(
                    "{:width$} {}
",
                    format!("{label}:"),
                    styled(*style, text)
                )
            })
            .collect()
    }

    fn table(&self, rows: Option<&Value>, columns: &[Column], empty: &str) -> String {
        let rows = rows
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if rows.is_empty() {
            self.print_status(empty);
            return String::new();
        }
        let columns: Vec<&Column> = columns
            .iter()
            .filter(|c| !c.wide || self.format == OutputFormat::Wide)
            .collect();
        let mut lines = Vec::new();
        if self.headers {
            lines.push(
                columns
                    .iter()
                    .map(|c| (c.header.clone(), TextStyle::Header))
                    .collect(),
            );
        }
        lines.extend(
            rows.iter()
                .map(|row| columns.iter().map(|c| self.table_cell(row, c)).collect()),
        );
        align(&lines)
    }

    fn table_cell(&self, row: &Value, column: &Column) -> (String, TextStyle) {
        let text = cell(
            row.pointer(&column.path),
            column.format,
            self.stdout_is_terminal,
        );
        let text = if text.is_empty() {
            "-".to_owned()
        } else {
            text
        };
        let style = style(&text, column.format);
        (text, style)
    }
}

/// Aligns columns, two spaces apart, without borders and without wrapping: piped
/// output must have one line per item.
fn align(lines: &[Vec<(String, TextStyle)>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width_of = |column: usize| {
        lines
            .iter()
            .filter_map(|l| l.get(column))
            .map(|(text, _)| text.width())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width_of).collect();
    let mut out = String::new();
    for line in lines {
        for (i, ((text, style), width)) in line.iter().zip(&widths).enumerate() {
            out.push_str(&styled(*style, text));
            if i + 1 < line.len() {
                out.push_str(&" ".repeat(width - text.width() + 2));
            }
        }
        out.push('\n');
    }
    out
}

fn names(output: &Output) -> String {
    let value = match &output.view {
        View::Table { rows, .. } => output.value.pointer(rows),
        _ => None,
    };
    let items = value.and_then(Value::as_array);
    let one = |v: &Value| {
        let text = cell(
            v.pointer(&output.name_path),
            kt_plugin_api::CellFormat::Text,
            false,
        );
        if text.is_empty() {
            text
        } else {
            format!("{text}\n")
        }
    };
    match items {
        Some(items) => items.iter().map(one).collect(),
        None => one(&output.value),
    }
}
