//! The outcome of a check that did not fail.

/// The outcome of a check that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::guard_test) enum Outcome {
    Passed,
    /// The check does not apply, for this reason.
    Skipped(String),
}
