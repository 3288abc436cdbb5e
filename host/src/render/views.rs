//! Results: the value for programs, the view for users.

use super::cells::{cell, style};
use super::closed_output::write_error;
use super::style::{TextStyle, colored_diff, colored_snippet, styled};
use super::table::{Table, TableLayout};
use super::terminal::Terminal;
use super::yaml::yaml;
use crate::options::OutputFormat;
use crate::selection::Selection;
use kt_plugin_api::{
    Column, Error, Field, Output, View, printable, printable_json, printable_line,
};
use serde_json::Value;
use std::sync::atomic::Ordering;
use unicode_width::UnicodeWidthStr;

impl Terminal {
    /// Prints the result of a command.
    ///
    /// # Errors
    /// Class `unavailable` if writing fails, such as on a full disk.
    pub(crate) fn print_output(&self, output: &Output) -> Result<(), Error> {
        let text = self.format_output(output, &mut None)?;
        if !self.page(&text) {
            self.print_data(&text).map_err(|e| write_error(&e))?;
        }
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
    pub(super) fn format_output(
        &self,
        output: &Output,
        layout: &mut Option<TableLayout>,
    ) -> Result<String, Error> {
        let for_users = matches!(self.format, OutputFormat::Table | OutputFormat::Wide);
        if output.value.is_null() && !for_users {
            return Ok(String::new());
        }
        if let Some(selection) = &self.selection {
            return Ok(self.selected(selection, &output.value));
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
            OutputFormat::Table | OutputFormat::Wide => {
                self.view(&output.value, &output.view, layout)
            }
        })
    }

    fn view(&self, value: &Value, view: &View, layout: &mut Option<TableLayout>) -> String {
        match view {
            View::Text(text) => text.clone(),
            View::Diff(text) => colored_diff(text),
            View::Diagnostics(text) => colored_snippet(text) + "\n",
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
            } => self.table(value.pointer(rows), (columns, empty), layout),
            View::Sections(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| self.view(value, part, &mut None))
                    .collect();
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

    /// Formats the items of a list, or the only one.
    fn table(
        &self,
        rows: Option<&Value>,
        (columns, empty): (&[Column], &str),
        layout: &mut Option<TableLayout>,
    ) -> String {
        let rows = match rows {
            Some(Value::Array(rows)) => rows.as_slice(),
            Some(row @ Value::Object(_)) => std::slice::from_ref(row),
            _ => &[],
        };
        if rows.is_empty() {
            self.print_status(empty);
            return String::new();
        }
        let columns: Vec<&Column> = columns
            .iter()
            .filter(|c| !c.wide || self.format == OutputFormat::Wide)
            .collect();
        let cells = |row| columns.iter().map(|c| self.table_cell(row, c)).collect();
        let table = Table {
            headers: columns.iter().map(|c| c.header.clone()).collect(),
            rows: rows.iter().map(cells).collect(),
        };
        table.format(self.headers, self.columns, layout)
    }

    /// Formats what is selected of a value.
    pub(super) fn selected(&self, selection: &Selection, value: &Value) -> String {
        let rows = selection.rows(value);
        let Some(headers) = selection.headers() else {
            let lines = rows.into_iter().flatten();
            return lines.map(|line| line + "\n").collect();
        };
        let cell = |text: String| (printable_line(&text).into_owned(), TextStyle::Plain);
        let rows = rows.into_iter();
        let table = Table {
            headers,
            rows: rows
                .map(|row| row.into_iter().map(cell).collect())
                .collect(),
        };
        let mut layout = None;
        if self.streaming.load(Ordering::Relaxed)
            && let Ok(mut shared) = self.part_layout.lock()
        {
            return table.format(self.headers, self.columns, &mut shared);
        }
        table.format(self.headers, self.columns, &mut layout)
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
