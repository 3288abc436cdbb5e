//! What a backend is.

use serde::{Deserialize, Serialize};

/// The answer to `describe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Name, the same as in the manifest: `systemd`.
    pub name: String,
    /// Version of the backend.
    pub version: String,
    /// The operating systems it acts on, as Rust names them: `linux`, `macos`.
    pub os: Vec<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Capabilities,
}

/// What a service manager can do; absent means that it cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Starting waits until the service says that it is ready. Without it the
    /// caller asks the service itself.
    pub readiness: bool,
    /// A service that stops saying that it lives is restarted.
    pub watchdog: bool,
    /// A service can be up before anybody logs in.
    pub boot_start: bool,
    /// It keeps a failure with certain exit codes from being retried. Without
    /// it the service itself must not be restarted by ending with 0.
    pub park_by_exit_code: bool,
    /// It reads a file of variables for the service.
    pub environment_file: bool,
    /// It keeps a log of its own.
    pub logs: bool,
    /// It can shut a service in further than [`super::Sandbox::Base`], and its
    /// `preflight` shows whether that works here.
    pub strict_sandbox: bool,
    /// A person's own settings lie in files beside the service's, so that edits
    /// can be moved there with `adopt`.
    pub drop_ins: bool,
}
