//! The outcome of an installation.

use crate::record::Record;

/// The outcome of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstallOutcome {
    /// `installed`, `updated` or `unchanged`.
    pub(crate) result: &'static str,
    pub(crate) record: Record,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}
