//! The state of a service with its problems.

use super::state::ServiceState;
use serde::Serialize;

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    Error,
    Warn,
    Info,
}

/// A problem of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// The command that fixes it.
    pub(crate) fix: Option<String>,
}

/// The state with the problems that explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusReport {
    pub(crate) state: ServiceState,
    pub(crate) problems: Vec<Problem>,
    /// Whether the applied configuration is the desired one; `None` when unknown.
    pub(crate) in_sync: Option<bool>,
}

impl StatusReport {
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

    pub(super) fn has(&self, code: &str) -> bool {
        self.problems.iter().any(|problem| problem.code == code)
    }
}
