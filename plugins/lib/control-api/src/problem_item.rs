//! One of the errors that a problem document lists.

use serde::{Deserialize, Serialize};

/// One of the errors of a request, with its location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProblemItem {
    /// Stable id of the error.
    pub code: String,
    /// The message; never contains a secret.
    pub message: String,
    /// JSON pointer to the location in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The most similar valid value, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// What to do about it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ProblemItem {
    /// Creates an error with a pointer and without a location in a file.
    #[must_use]
    pub fn at(pointer: &str, code: &str, message: impl ToString) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_string(),
            pointer: Some(pointer.to_owned()),
            ..Self::default()
        }
    }
}
