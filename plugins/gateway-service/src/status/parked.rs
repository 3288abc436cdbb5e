//! Why a service is parked: `kt.parked/1`, which the host writes.

use crate::context::ServiceContext;
use crate::record::Record;
use serde::{Deserialize, Serialize};

/// The error for which the service is not restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedReason {
    /// The time, RFC 3339.
    pub(crate) at: String,
    /// The exit code of the error.
    pub(crate) exit: u8,
    /// The stable ID of the error.
    pub(crate) id: String,
    /// The message of the error.
    pub(crate) message: String,
    /// The causes of the error.
    #[serde(default)]
    pub(crate) causes: Vec<String>,
    /// How to fix the error.
    #[serde(default)]
    pub(crate) hints: Vec<String>,
}

impl ParkedReason {
    /// Formats the message with its causes on one line.
    pub(crate) fn one_line(&self) -> String {
        let mut text = self.message.clone();
        for cause in &self.causes {
            text.push_str(": ");
            text.push_str(cause);
        }
        text
    }
}

/// Reads why the service is parked. A later run removes the file when it starts, so
/// an existing file is valid.
pub(crate) fn read_parked_reason(
    service: &ServiceContext<'_>,
    record: &Record,
) -> Option<ParkedReason> {
    let file = service.records.parked_path(&record.spec.name);
    let bytes = service.runner.read(&file).ok()??;
    serde_json::from_slice(&bytes).ok()
}
