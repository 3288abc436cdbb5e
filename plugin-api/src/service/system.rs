//! What the caller knows of the machine and the person.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// SystemInfo that a backend needs and must not find out for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemInfo {
    /// The operating system to render for, as Rust names it.
    pub os: String,
    /// Effective user id.
    pub uid: u32,
    /// The user's name; empty when it is not known.
    pub user: String,
    /// The user's home directory, absolute.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`, or what stands for it, absolute; without `kt`.
    pub config_home: PathBuf,
    /// First `$XDG_RUNTIME_DIR` as it is in the caller's environment, unchecked;
    /// after detection what [`super::Detection::runtime_dir`] says.
    pub runtime_dir: Option<PathBuf>,
    /// Version number of the service manager, as far as detection found it.
    /// `None` renders only what every supported version understands.
    pub supervisor_version: Option<u32>,
}
