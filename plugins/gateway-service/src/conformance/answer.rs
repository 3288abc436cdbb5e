//! What is asked for, and what is found.

use kt_plugin_api::Invocation;
use serde::{Deserialize, Serialize};

/// The request of `run`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    /// Name of the provider to test.
    pub(super) provider: String,
    /// Directories, the running kt, and where the plugin is.
    pub(super) invocation: Invocation,
    /// The operating system that a model stands for.
    pub(super) pretend_os: Option<String>,
}

/// The answer of `run`.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) checks: Vec<Check>,
    /// What a model stood in for.
    pub(super) modelled: Option<String>,
}

/// One check and its result.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Check {
    /// Stable name.
    pub(super) id: &'static str,
    /// What is checked.
    pub(super) about: &'static str,
    /// `passed`, `failed` or `skipped`.
    pub(super) result: &'static str,
    /// StepError it failed or was skipped.
    pub(super) detail: String,
}
