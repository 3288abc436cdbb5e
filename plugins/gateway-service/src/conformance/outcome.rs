//! The outcome of a check.

use kt_plugin_api::Error;

/// The outcome of a check.
pub(super) enum CheckOutcome {
    Passed,
    /// The check does not apply, for this reason.
    Skipped(String),
    Failed(Mismatch),
}

/// What a step of a check expected and found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) expected: String,
    pub(super) found: String,
}

impl Mismatch {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// Adds the situation in which the step ran.
    pub(super) fn context(self, situation: &str) -> Self {
        Self {
            found: format!("{situation}: {}", self.found),
            ..self
        }
    }
}

/// The step itself failed.
impl From<String> for Mismatch {
    fn from(error: String) -> Self {
        Self::new("the step succeeds", error)
    }
}

impl From<&str> for Mismatch {
    fn from(error: &str) -> Self {
        error.to_owned().into()
    }
}

impl From<Error> for Mismatch {
    fn from(error: Error) -> Self {
        let hint = error.hints.first();
        let hint = hint.map_or_else(String::new, |hint| format!(" (hint: {hint})"));
        format!("{error}{hint}").into()
    }
}

impl From<std::io::Error> for Mismatch {
    fn from(error: std::io::Error) -> Self {
        error.to_string().into()
    }
}

impl From<Result<(), Mismatch>> for CheckOutcome {
    fn from(result: Result<(), Mismatch>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => Self::Failed(error),
        }
    }
}

impl CheckOutcome {
    /// Runs a check.
    pub(super) fn of(check: impl FnOnce() -> Result<(), Mismatch>) -> Self {
        check().into()
    }
}
