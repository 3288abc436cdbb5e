//! Errors: what failed, why, and what to do next; JSON where results are JSON.

use super::terminal::{Terminal, Tone, toned};
use crate::cli::Format;
use crate::supervision;
use kt_plugin_api::{Error, ProblemItem};
use serde_json::json;

impl Terminal {
    /// Shows an error with the exit code it leads to.
    pub(crate) fn error(&self, error: &Error, exit: u8) {
        let _echoed = supervision::log_line("error", &error.id, &error.to_string(), None);
        if self.format == Format::Json {
            let mut body = serde_json::to_value(error).unwrap_or_default();
            if let Some(body) = body.as_object_mut() {
                body.insert("exit".to_owned(), exit.into());
            }
            self.talk(&format!("{:#}", json!({ "error": body })));
            return;
        }
        if !is_its_only_problem(error) {
            self.talk(&format!("{} {}", toned(Tone::Bad, "error:"), error.message));
        }
        if let Some(place) = &error.location {
            self.talk(&format!(
                "  --> {}:{}:{}",
                place.file, place.line, place.column
            ));
        }
        for cause in &error.causes {
            self.talk(&format!("  caused by: {}", cause.replace('\n', "\n    ")));
        }
        for problem in &error.problems {
            self.problem(problem);
        }
        for hint in &error.hints {
            self.talk(&format!("  {} {hint}", toned(Tone::Hint, "hint:")));
        }
    }

    fn problem(&self, problem: &ProblemItem) {
        if let Some(snippet) = &problem.snippet {
            self.talk(snippet.trim_end());
            return;
        }
        let code = if problem.code.is_empty() {
            String::new()
        } else {
            format!("[{}]", problem.code)
        };
        self.talk(&format!(
            "{} {}",
            toned(Tone::Bad, &format!("error{code}:")),
            problem.message
        ));
        if let Some(place) = &problem.location {
            let path = problem
                .path
                .as_deref()
                .map(|p| format!(" ({p})"))
                .unwrap_or_default();
            self.talk(&format!(
                "  --> {}:{}:{}{path}",
                place.file, place.line, place.column
            ));
        }
        if let Some(suggestion) = &problem.suggestion {
            self.talk(&format!("  {} {suggestion}", toned(Tone::Hint, "help:")));
        }
    }

    /// A warning.
    pub(crate) fn warning(&self, message: &str) {
        let _echoed = supervision::log_line("warn", "kt", message, None);
        if !self.quiet {
            self.talk(&format!("{} {message}", toned(Tone::Warning, "warning:")));
        }
    }
}

/// Whether the error says nothing that its only problem does not say too.
fn is_its_only_problem(error: &Error) -> bool {
    let [only] = error.problems.as_slice() else {
        return false;
    };
    only.snippet.is_none() && only.message == error.message
}
