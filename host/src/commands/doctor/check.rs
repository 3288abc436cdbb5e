//! The result of a check.

use kt_plugin_api::Error;
use serde::{Deserialize, Serialize};

/// A check and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DoctorCheck {
    /// Stable name, such as `settings`.
    pub(super) name: String,
    /// `passed`, `warning` or `failed`.
    pub(super) state: String,
    /// What the check found.
    pub(super) message: String,
    /// How to fix it.
    #[serde(default)]
    pub(super) remedy: Option<String>,
}

impl DoctorCheck {
    pub(super) fn passed(name: &str, message: impl Into<String>) -> Self {
        Self::new(name, "passed", message.into(), None)
    }

    pub(super) fn warning(
        name: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(name, "warning", message.into(), Some(remedy.into()))
    }

    pub(super) fn failed(
        name: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(name, "failed", message.into(), Some(remedy.into()))
    }

    fn new(name: &str, state: &str, message: String, remedy: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            state: state.to_owned(),
            message,
            remedy,
        }
    }

    pub(super) fn from_error(name: &str, error: &Error) -> Self {
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
}
