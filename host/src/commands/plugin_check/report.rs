//! What the child reports.

use kt_plugin_api::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The result of the checks of a plugin.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::commands) struct CheckReport {
    /// Why the plugin cannot be used.
    pub(in crate::commands) error: Option<Error>,
    /// The results of its providers of `kt.doctor/1`, if they were requested.
    #[serde(default)]
    pub(in crate::commands) doctor: Vec<Result<Value, Error>>,
}
