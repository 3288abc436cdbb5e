//! Request and response of the method `run`.

use kt_plugin_api::Invocation;
use serde::{Deserialize, Serialize};

/// The request of `run`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TestRequest {
    /// The name of the provider to test.
    pub(super) provider: String,
    /// The directories, the running kt, and the plugin directories.
    pub(super) invocation: Invocation,
    /// The operating system of a simulated service manager.
    pub(super) pretend_os: Option<String>,
}

/// The response of `run`.
#[derive(Debug, Serialize)]
pub(super) struct TestReport {
    pub(super) checks: Vec<CheckResult>,
    /// What is simulated instead of real.
    pub(super) simulated: Option<String>,
}

/// A check and its result.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CheckResult {
    /// The stable name.
    pub(super) id: &'static str,
    /// What is checked.
    pub(super) about: &'static str,
    /// `passed`, `failed` or `skipped`.
    pub(super) result: &'static str,
    /// The reason why it failed or was skipped.
    pub(super) detail: String,
}

impl CheckResult {
    pub(super) fn failed(&self) -> bool {
        self.result == "failed"
    }
}
