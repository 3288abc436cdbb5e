//! What is not as it should be, and how to cure it.

use super::verdict::Verdict;
use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    Error,
    Warn,
    Info,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// A command that cures it.
    pub(crate) fix: Option<String>,
}

/// The verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) problems: Vec<Problem>,
    /// Whether what is applied is what is desired; `None` when it cannot be
    /// told.
    pub(crate) in_sync: Option<bool>,
}

impl Report {
    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        fix: Option<&str>,
    ) {
        self.problems.push(Problem {
            code,
            severity,
            message: message.into(),
            fix: fix.map(str::to_owned),
        });
    }
}
