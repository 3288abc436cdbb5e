//! Where the log of a service is.

use super::{ServiceSpec, SystemInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The request of `logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsRequest {
    /// The service.
    pub spec: ServiceSpec,
    /// What the caller knows.
    pub system: SystemInfo,
    /// How many of the last lines are wanted.
    pub lines: u32,
    /// Only what was written since then, Unix seconds.
    #[serde(default)]
    pub since: Option<i64>,
}

/// The answer to `logs`: the first source that can be read wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSources {
    /// Sources of what the service itself wrote, best first. They are used
    /// while the service has no log file of its own.
    pub sources: Vec<LogSource>,
    /// What the service manager wrote about the service: starts, ends, crashes.
    /// Each line begins with its time in RFC 3339.
    #[serde(default)]
    pub supervisor: Option<LogSource>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogSource {
    /// What a program prints; it must end with 0.
    Run {
        /// Program and arguments, without a shell.
        argv: Vec<String>,
        /// Variables set on top of the caller's environment.
        #[serde(default)]
        env: BTreeMap<String, String>,
    },
    /// The end of a file.
    File(PathBuf),
}
