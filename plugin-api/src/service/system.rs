//! Information about the system and the user.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Information about the system and the user, which a backend must not determine
/// itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SystemInfo {
    /// The operating system to render for, as in `std::env::consts::OS`.
    pub os: String,
    /// Effective user id.
    pub uid: u32,
    /// The user's name; empty if unknown.
    pub user: String,
    /// The user's home directory, absolute.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME` or its default, absolute.
    pub config_home: PathBuf,
    /// For detection, the unchecked `$XDG_RUNTIME_DIR` of the caller; afterwards
    /// [`super::Detection::runtime_dir`].
    pub runtime_dir: Option<PathBuf>,
    /// Version number of the service manager, if detected. Without it only settings
    /// that every supported version understands are rendered.
    pub supervisor_version: Option<u32>,
}
