//! Results: the value for machines, the view for people.

use super::cells::{cell, tone};
use super::terminal::{Terminal, Tone, toned};
use crate::cli::Format;
use kt_plugin_api::{Class, Column, Error, Field, Output, View};
use serde_json::Value;
use std::io;
use std::sync::atomic::Ordering;
use unicode_width::UnicodeWidthStr;

impl Terminal {
    /// Shows a command's result.
    ///
    /// # Errors
    /// Class `unavailable` when standard output cannot take it, such as a full disk.
    pub(crate) fn show(&self, output: &Output) -> Result<(), Error> {
        let text = self.text(output)?;
        self.data(&text).map_err(|e| output_lost(&e))?;
        self.notes(output);
        Ok(())
    }

    /// Says what is to be said besides the data.
    pub(super) fn notes(&self, output: &Output) {
        for note in &output.notes {
            self.status(note);
        }
    }

    /// The data of a result as it is asked for.
    ///
    /// # Errors
    /// When it cannot be written that way.
    pub(super) fn text(&self, output: &Output) -> Result<String, Error> {
        let people = matches!(self.format, Format::Table | Format::Wide);
        if output.value.is_null() && !people {
            return Ok(String::new());
        }
        Ok(match self.format {
            // After events the result is one more line.
            Format::Json if self.lines.load(Ordering::Relaxed) => format!("{}\n", output.value),
            Format::Json => format!("{:#}\n", output.value),
            Format::Yaml => {
                let text = serde_saphyr::to_string(&output.value).map_err(|e| {
                    Error::internal("the result cannot be written as YAML").cause(e)
                })?;
                // After parts it is one more document.
                let many = self.lines.load(Ordering::Relaxed);
                format!("{}{text}", if many { "---\n" } else { "" })
            }
            Format::Name => names(output),
            Format::Table | Format::Wide => self.view(&output.value, &output.view),
        })
    }

    fn view(&self, value: &Value, view: &View) -> String {
        match view {
            View::Text(text) => text.clone(),
            View::Message(line) => {
                self.status(line);
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
        let shown: Vec<(&str, String, Tone)> = fields
            .iter()
            .map(|f| {
                let text = cell(value.pointer(&f.path), f.format, self.out_is_terminal);
                let tone = tone(&text, f.format);
                (f.label.as_str(), text, tone)
            })
            .filter(|(_, text, _)| !text.is_empty())
            .collect();
        let width = shown
            .iter()
            .map(|(label, ..)| label.width())
            .max()
            .unwrap_or(0)
            + 1;
        shown
            .iter()
            .map(|(label, text, tone)| {
                format!(
                    "{:width$} {}
",
                    format!("{label}:"),
                    toned(*tone, text)
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
            self.status(empty);
            return String::new();
        }
        let columns: Vec<&Column> = columns
            .iter()
            .filter(|c| !c.wide || self.format == Format::Wide)
            .collect();
        let mut lines = Vec::new();
        if self.headers {
            lines.push(
                columns
                    .iter()
                    .map(|c| (c.header.clone(), Tone::Header))
                    .collect(),
            );
        }
        lines.extend(
            rows.iter()
                .map(|row| columns.iter().map(|c| self.table_cell(row, c)).collect()),
        );
        aligned(&lines)
    }

    fn table_cell(&self, row: &Value, column: &Column) -> (String, Tone) {
        let text = cell(
            row.pointer(&column.path),
            column.format,
            self.out_is_terminal,
        );
        let text = if text.is_empty() {
            "-".to_owned()
        } else {
            text
        };
        let tone = tone(&text, column.format);
        (text, tone)
    }
}

/// Columns two spaces apart, without borders and without wrapping: what is
/// piped must stay one line per item.
fn aligned(lines: &[Vec<(String, Tone)>]) -> String {
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
        for (i, ((text, tone), width)) in line.iter().zip(&widths).enumerate() {
            out.push_str(&toned(*tone, text));
            if i + 1 < line.len() {
                out.push_str(&" ".repeat(width - text.width() + 2));
            }
        }
        out.push('\n');
    }
    out
}

/// Standard output did not take what it was given.
pub(super) fn output_lost(cause: &io::Error) -> Error {
    let message = "cannot write to standard output";
    Error::new(Class::Unavailable, "output-lost", message).cause(cause)
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
