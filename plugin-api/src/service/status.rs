//! The status of a service, as reported by its service manager.

use super::{ProbeResult, ServiceName, ServiceSpec, SystemInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The request of `observe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObserveRequest {
    /// Kind of the service.
    pub family: String,
    /// Name of the service.
    pub name: ServiceName,
    /// Information about the system.
    pub system: SystemInfo,
    /// The results of the probes that `inspect` returned.
    pub results: Vec<ProbeResult>,
    /// The service as it was installed, if the caller knows it.
    #[serde(default)]
    pub spec: Option<ServiceSpec>,
}

/// The state of the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ActiveState {
    /// It is running, and ready as far as the service manager knows.
    Active,
    /// It is starting.
    Activating,
    /// It crashed and is about to be restarted.
    Restarting,
    /// It is stopping.
    Deactivating,
    /// It is stopped.
    Inactive,
    /// It is stopped after a failure.
    Failed,
    /// The state is unknown.
    #[default]
    Unknown,
}

/// When the service starts automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Autostart {
    /// At boot.
    Boot,
    /// When the user logs in.
    Login,
    /// Only on request.
    Never,
}

/// The kind of an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExitKind {
    /// It was stopped on request.
    Clean,
    /// A failure that a restart may fix.
    Crash,
    /// A failure that a restart cannot fix; the service is not restarted.
    Parked,
    /// The service manager could not start the program.
    Setup,
    /// The watchdog timed out.
    Watchdog,
    /// The start or the stop timed out.
    Timeout,
}

/// The exit of the last process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastExit {
    /// Exit code, unless a signal terminated it.
    #[serde(default)]
    pub code: Option<i32>,
    /// Name of the signal without `SIG`: `KILL`.
    #[serde(default)]
    pub signal: Option<String>,
    /// Kind of the exit.
    pub kind: ExitKind,
    /// Time of the exit, in Unix seconds.
    #[serde(default)]
    pub exited_at: Option<i64>,
    /// Description for the user, such as the meaning of the exit code.
    #[serde(default)]
    pub description: Option<String>,
}

/// The result of `observe`. `None` means unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServiceStatus {
    /// Name of the unit or job.
    pub unit: String,
    /// Name and version of the service manager, for display.
    pub supervisor: String,
    /// The service manager responded; otherwise all other values are unknown.
    pub reachable: bool,
    /// Why it did not respond.
    pub unreachable_reason: Option<String>,
    /// The service is configured in a file that the service manager reads.
    pub installed: Option<bool>,
    /// The service manager has loaded the service.
    pub loaded: Option<bool>,
    /// The service starts automatically.
    pub enabled: Option<bool>,
    /// The state of the service.
    pub active_state: ActiveState,
    /// The service manager's own name of the state.
    pub sub_state: String,
    /// Process id of the main process.
    pub pid: Option<u32>,
    /// Start time of the main process, in Unix seconds.
    pub since: Option<i64>,
    /// Number of automatic restarts.
    pub restarts: Option<u64>,
    /// The exit of the last process.
    pub last_exit: Option<LastExit>,
    /// The file that the service manager has read.
    pub fragment_path: Option<PathBuf>,
    /// Drop-in files of the service.
    pub drop_in_paths: Vec<PathBuf>,
    /// The file changed after the service manager read it.
    pub needs_reload: bool,
    /// The service is masked: it cannot be started.
    pub masked: bool,
    /// The service is running, but its file does not exist.
    pub orphaned: bool,
    /// When the service starts automatically.
    pub autostart: Option<Autostart>,
    /// The command with which services of the user start at boot, if they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_start_fix: Option<String>,
    /// The user's services start at boot and continue after logout.
    pub linger: Option<bool>,
    /// Other services of the user start automatically.
    pub other_services_enabled: Option<bool>,
    /// Properties of the service, as named by the service manager.
    pub properties: BTreeMap<String, String>,
}
