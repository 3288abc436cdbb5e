//! The inputs of the status. An `Err` is the reason why an input is unknown, for
//! display.

use super::parked::ParkedReason;
use crate::record::{FileState, Record};
use crate::system::admin_socket::InstanceStatus;
use crate::system::process_table::ProcessStatus;
use kt_plugin_api::service::{Reason, ServiceName, ServiceStatus};
use std::path::PathBuf;

/// Everything that is known of a service.
#[derive(Debug, Clone)]
pub(crate) struct StatusInputs {
    pub(crate) name: ServiceName,
    /// What kt installed.
    pub(crate) record: Option<Record>,
    /// What the service manager reports.
    pub(crate) supervisor: Result<ServiceStatus, Reason>,
    /// The service manager can start services before the user logs in.
    pub(crate) boot_start: bool,
    /// The file of the service.
    pub(crate) artifact: Option<ArtifactStatus>,
    /// Why the service is parked.
    pub(crate) parked: Option<ParkedReason>,
    /// The running process.
    pub(crate) process: ProcessStatus,
    /// What the gateway reports.
    pub(crate) gateway: Result<InstanceStatus, String>,
    /// The configuration that the control plane desires; `None` when there is none yet.
    pub(crate) desired: Result<Option<ConfigVersion>, String>,
}

/// The file of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArtifactStatus {
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
    /// The hash of the content that kt wrote.
    pub(crate) sha256: Option<String>,
}

/// A version of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigVersion {
    pub(crate) version: Option<u64>,
    pub(crate) sha256: String,
}
