//! The typed form of `kt.doctor/1`: the checks of `kt doctor`.
//!
//! The method `check` takes an [`crate::Invocation`] and returns an array of
//! [`DoctorCheck`].

use crate::Error;
use serde::{Deserialize, Serialize};

/// Id of the interface.
pub const INTERFACE: &str = "kt.doctor/1";

/// A check and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DoctorCheck {
    /// Stable name, such as `settings`.
    pub name: String,
    /// `passed`, `warning` or `failed`.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["passed", "warning", "failed"])))]
    pub state: String,
    /// What the check found.
    pub message: String,
    /// How to fix it.
    #[serde(default)]
    pub remedy: Option<String>,
}

impl DoctorCheck {
    /// Creates a check that found no problem.
    pub fn passed(name: &str, message: impl Into<String>) -> Self {
        Self::new(name, "passed", message.into(), None)
    }

    /// Creates a check that found a problem which kt works with.
    pub fn warning(name: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, "warning", message.into(), Some(remedy.into()))
    }

    /// Creates a check that failed.
    pub fn failed(name: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, "failed", message.into(), Some(remedy.into()))
    }

    /// Creates a check that failed with an error; its first hint is the remedy.
    #[must_use]
    pub fn from_error(name: &str, error: &Error) -> Self {
        let remedy = error
            .hints
            .first()
            .cloned()
            .unwrap_or_else(|| "see the message".to_owned());
        let location = error
            .location
            .as_ref()
            .map(|l| format!(" ({}:{}:{})", l.file, l.line, l.column))
            .unwrap_or_default();
        Self::failed(name, format!("{error}{location}"), remedy)
    }

    fn new(name: &str, state: &str, message: String, remedy: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            state: state.to_owned(),
            message,
            remedy,
        }
    }
}
