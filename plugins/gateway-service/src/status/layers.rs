//! What was found out, layer by layer. An error always is a reason for people
//! why a layer is not known.

use crate::control::InstanceStatus;
use crate::files::FileState;
use crate::record::Record;
use kt_plugin_api::service::{Reason, ServiceName, ServiceStatus};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything that is known of a service.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    pub(crate) name: ServiceName,
    /// What kt installed.
    pub(crate) record: Option<Record>,
    /// What the service manager says.
    pub(crate) supervisor: Result<ServiceStatus, Reason>,
    /// The service manager can start services before anybody logs in.
    pub(crate) boot_start: bool,
    /// The service's file.
    pub(crate) artifact: Option<ArtifactLayer>,
    /// StepError the last run was not to be started again.
    pub(crate) parked: Option<Parked>,
    /// The running process.
    pub(crate) process: ProcessLayer,
    /// What the gateway says of itself.
    pub(crate) gateway: Result<InstanceStatus, String>,
    /// What the control plane wants it to serve; `None` for nothing yet.
    pub(crate) desired: Result<Option<Version>, String>,
}

/// The service's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArtifactLayer {
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
    /// As kt wrote it.
    pub(crate) sha256: Option<String>,
}

/// StepError a run was not to be started again: `kt.parked/1`, which the host writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parked {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// The exit code that kt has for it.
    pub(crate) exit: u8,
    /// Stable id of the error.
    pub(crate) id: String,
    /// What failed.
    pub(crate) message: String,
    /// StepError.
    #[serde(default)]
    pub(crate) causes: Vec<String>,
    /// What to do.
    #[serde(default)]
    pub(crate) hints: Vec<String>,
}

impl Parked {
    /// What failed and why, on one line.
    pub(crate) fn sentence(&self) -> String {
        let mut text = self.message.clone();
        for cause in &self.causes {
            text.push_str(": ");
            text.push_str(cause);
        }
        text
    }
}

/// The running process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProcessLayer {
    /// The installed executable is another file than the one that runs.
    pub(crate) replaced: Option<bool>,
    /// The process that the service manager supervises is the one that listens
    /// on the gateway's address.
    pub(crate) owns_port: Option<bool>,
}

/// A version of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) version: Option<u64>,
    pub(crate) sha256: String,
}
