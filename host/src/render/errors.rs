//! Errors with their causes and hints; as JSON if results are JSON.

use super::style::{TextStyle, colored_snippet, styled};
use super::terminal::Terminal;
use crate::logging;
use crate::options::OutputFormat;
use kt_plugin_api::{Error, ProblemItem, printable, printable_json, printable_line};
use serde_json::json;

impl Terminal {
    /// Logs and prints an error; `exit` is the exit code.
    pub(crate) fn print_error(&self, error: &Error, exit: u8) {
        logging::append_to_file("error", &error.id, &error.to_string(), None);
        if self.format == OutputFormat::Json && self.selection.is_none() {
            let mut body = serde_json::to_value(error).unwrap_or_default();
            if let Some(body) = body.as_object_mut() {
                body.insert("exit".to_owned(), exit.into());
            }
            self.print_stderr(&printable_json(&format!("{:#}", json!({ "error": body }))));
            return;
        }
        if !has_same_problem(error) {
            self.print_stderr(&format!(
                "{} {}",
                styled(TextStyle::Bad, "error:"),
                printable(&error.message)
            ));
        }
        if let Some(location) = &error.location {
            self.print_stderr(&format!(
                "  --> {}:{}:{}",
                printable_line(&location.file),
                location.line,
                location.column
            ));
        }
        for cause in &error.causes {
            self.print_stderr(&format!(
                "  caused by: {}",
                printable(cause).replace('\n', "\n    ")
            ));
        }
        for problem in &error.problems {
            self.print_problem(problem);
        }
        for hint in &error.hints {
            let hint = printable(hint);
            self.print_stderr(&format!("  {} {hint}", styled(TextStyle::Hint, "hint:")));
        }
    }

    fn print_problem(&self, problem: &ProblemItem) {
        if let Some(snippet) = &problem.snippet {
            let snippet = printable(snippet.trim_end());
            self.print_stderr(&colored_snippet(&snippet));
            return;
        }
        let code = if problem.code.is_empty() {
            String::new()
        } else {
            format!("[{}]", problem.code)
        };
        self.print_stderr(&format!(
            "{} {}",
            styled(TextStyle::Bad, &format!("error{code}:")),
            printable(&problem.message)
        ));
        if let Some(location) = &problem.location {
            let path = problem
                .path
                .as_deref()
                .map(|p| format!(" ({})", printable_line(p)))
                .unwrap_or_default();
            self.print_stderr(&format!(
                "  --> {}:{}:{}{path}",
                printable_line(&location.file),
                location.line,
                location.column
            ));
        }
        if let Some(suggestion) = &problem.suggestion {
            self.print_stderr(&format!(
                "  {} {}",
                styled(TextStyle::Hint, "help:"),
                printable(suggestion)
            ));
        }
    }

    /// Logs and prints a warning.
    pub(crate) fn print_warning(&self, message: &str) {
        logging::append_to_file("warn", "kt", message, None);
        if !self.quiet {
            self.print_stderr(&format!(
                "{} {}",
                styled(TextStyle::Warning, "warning:"),
                printable(message)
            ));
        }
    }
}

/// Returns whether the only problem has the message of the error.
fn has_same_problem(error: &Error) -> bool {
    let [only] = error.problems.as_slice() else {
        return false;
    };
    only.snippet.is_none() && only.message == error.message
}
