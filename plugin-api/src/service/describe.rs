//! The description of a backend.

use serde::{Deserialize, Serialize};

/// The result of `describe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Description {
    /// Name, as in the manifest: `systemd`.
    pub name: String,
    /// Version of the backend.
    pub version: String,
    /// The operating systems that it manages, as in `std::env::consts::OS`.
    pub os: Vec<String>,
    /// Capabilities of the service manager.
    #[serde(default)]
    pub capabilities: Capabilities,
}

/// Capabilities of a service manager; an absent key means `false`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Capabilities {
    /// A start waits until the service reports that it is ready. Without it the
    /// caller queries the service itself.
    pub readiness: bool,
    /// A service that stops sending keep-alive messages is restarted.
    pub watchdog: bool,
    /// A service can start at boot, before the user logs in.
    pub boot_start: bool,
    /// Given exit codes prevent an automatic restart. Without it the service exits
    /// with 0 to prevent one.
    pub park_by_exit_code: bool,
    /// The service manager reads an environment file for the service.
    pub environment_file: bool,
    /// The service manager stores the service's log.
    pub logs: bool,
    /// It supports [`super::Sandbox::Strict`], and the backend implements
    /// `preflight`.
    pub strict_sandbox: bool,
    /// It supports drop-in files for the user's settings, and the backend
    /// implements `adopt`.
    pub drop_ins: bool,
}
