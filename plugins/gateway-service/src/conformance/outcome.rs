//! The outcome of a check.

/// The outcome of a check.
pub(super) enum CheckOutcome {
    Passed,
    /// The check does not apply, for this reason.
    Skipped(String),
    Failed(String),
}

impl From<Result<(), String>> for CheckOutcome {
    fn from(result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => Self::Failed(error),
        }
    }
}

impl CheckOutcome {
    /// Runs a check.
    pub(super) fn of(check: impl FnOnce() -> Result<(), String>) -> Self {
        check().into()
    }
}
