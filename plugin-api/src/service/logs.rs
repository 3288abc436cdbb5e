//! The log of a service.

use super::{ServiceSpec, SystemInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The request of `logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogsRequest {
    /// The service.
    pub spec: ServiceSpec,
    /// Information about the system.
    pub system: SystemInfo,
    /// Number of lines, counted from the end.
    pub lines: u32,
    /// Only lines written since this time, in Unix seconds.
    #[serde(default)]
    pub since: Option<i64>,
}

/// The result of `logs`. The caller uses the first source that can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogSources {
    /// Sources of the service's output, the best first. Only used if the service
    /// has no log file of its own.
    pub sources: Vec<LogSource>,
    /// The messages of the service manager about the service: starts, exits,
    /// crashes. Each line begins with an RFC 3339 time.
    #[serde(default)]
    pub supervisor: Option<LogSource>,
}

/// A source of log lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LogSource {
    /// The standard output of a program, which must exit with 0.
    Run {
        /// Program and arguments, without a shell.
        argv: Vec<String>,
        /// Variables that are added to the caller's environment.
        #[serde(default)]
        env: BTreeMap<String, String>,
    },
    /// The end of a file.
    File(PathBuf),
}
