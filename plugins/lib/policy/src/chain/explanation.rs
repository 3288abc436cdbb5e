//! [`Explanation`].

use serde::Serialize;

use crate::model::PolicyKind;

/// One reason of a decision. It quotes what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The policy.
    pub policy: PolicyKind,
    /// The kind of the finding.
    pub kind: &'static str,
    /// The setting that lists what was found, such as `policy.dlp-filter.detect_patterns[2]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// What was found: for a score, the part of the text that has it.
    pub found: String,
    /// The score in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u64>,
}
