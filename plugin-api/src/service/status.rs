//! How a service stands, as its service manager sees it.

use super::{ProbeResult, ServiceName, ServiceSpec, SystemInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The request of `observe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserveRequest {
    /// What kind of service.
    pub family: String,
    /// Which one.
    pub name: ServiceName,
    /// What the caller knows.
    pub system: SystemInfo,
    /// The results of the probes that `inspect` asked for.
    pub results: Vec<ProbeResult>,
    /// The service as it was installed, where the caller knows it.
    #[serde(default)]
    pub spec: Option<ServiceSpec>,
}

/// What the service does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActiveState {
    /// It runs, and is ready as far as the service manager knows.
    Active,
    /// It is on its way up.
    Activating,
    /// It crashed and will be started again.
    Restarting,
    /// It is on its way down.
    Deactivating,
    /// It does not run, and nobody wants it to.
    Inactive,
    /// It does not run, because it failed.
    Failed,
    /// It could not be found out.
    #[default]
    Unknown,
}

/// When the service starts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Autostart {
    /// When the machine starts.
    Boot,
    /// When the person logs in.
    Login,
    /// Not by itself.
    Never,
}

/// What an end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitKind {
    /// It was asked to end, and did.
    Clean,
    /// It ended in a way that trying again may cure.
    Crash,
    /// Trying again cannot cure it.
    Parked,
    /// The service manager could not even start the program.
    Setup,
    /// It gave no sign of life in time.
    Watchdog,
    /// It was not ready or not gone in time.
    Timeout,
}

/// How the last process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastExit {
    /// Exit code, unless a signal ended it.
    #[serde(default)]
    pub code: Option<i32>,
    /// Name of the signal without `SIG`: `KILL`.
    #[serde(default)]
    pub signal: Option<String>,
    /// What it means.
    pub kind: ExitKind,
    /// When, Unix seconds.
    #[serde(default)]
    pub exited_at: Option<i64>,
    /// For people, such as what a special code says.
    #[serde(default)]
    pub description: Option<String>,
}

/// The answer to `observe`. `None` always means that it could not be found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceStatus {
    /// Name of the unit or job.
    pub unit: String,
    /// Name and version of the service manager, for people.
    pub supervisor: String,
    /// The service manager answered; without it everything else is unknown.
    pub reachable: bool,
    /// StepError it did not answer.
    pub unreachable_reason: Option<String>,
    /// It knows the service from a file.
    pub installed: Option<bool>,
    /// It holds the service in memory, so that it can be started at once.
    pub loaded: Option<bool>,
    /// It starts the service by itself.
    pub enabled: Option<bool>,
    /// What the service does.
    pub active_state: ActiveState,
    /// The service manager's own word for it.
    pub sub_state: String,
    /// The main process.
    pub pid: Option<u32>,
    /// Since when it runs, Unix seconds.
    pub since: Option<i64>,
    /// How often it was started again by itself.
    pub restarts: Option<u64>,
    /// How the last process ended.
    pub last_exit: Option<LastExit>,
    /// The file that the service manager has read.
    pub fragment_path: Option<PathBuf>,
    /// Further files that change the service.
    pub drop_in_paths: Vec<PathBuf>,
    /// The file changed since the service manager read it.
    pub needs_reload: bool,
    /// The service is forbidden to start.
    pub masked: bool,
    /// It runs, but its file is gone.
    pub orphaned: bool,
    /// When it starts by itself.
    pub autostart: Option<Autostart>,
    /// The person's services go on after logout and start at boot.
    pub linger: Option<bool>,
    /// Other services of the person start by themselves too.
    pub other_services_enabled: Option<bool>,
    /// What the service manager said, by its own names.
    pub properties: BTreeMap<String, String>,
}
