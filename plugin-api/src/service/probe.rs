//! Probes: read-only queries that the caller runs for a backend.

use super::{ServiceName, SystemInfo};
use crate::{Class, Error};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The object to inspect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum InspectTarget {
    /// The service manager; the results are passed to `detect`.
    Supervisor,
    /// One service; the results are passed to `observe`.
    Service {
        /// Kind of the service.
        family: String,
        /// Name of the service.
        name: ServiceName,
    },
}

/// The request of `inspect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InspectRequest {
    /// The object to inspect.
    pub target: InspectTarget,
    /// Information about the system.
    pub system: SystemInfo,
}

/// The result of `inspect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Probes {
    /// Independent probes, in any order.
    pub probes: Vec<Probe>,
}

/// A read-only query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Probe {
    /// Identifier, unique in the request.
    pub id: String,
    /// The operation.
    pub action: ProbeAction,
}

/// The operation of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProbeAction {
    /// Run a program that changes nothing.
    Run {
        /// Program and arguments, without a shell.
        argv: Vec<String>,
        /// Variables that are added to the caller's environment.
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// Timeout in milliseconds.
        timeout_ms: u64,
    },
    /// Read at most 1 MiB of a file.
    Read(PathBuf),
    /// Read the metadata of a file without following links.
    Stat(PathBuf),
    /// List the names in a directory.
    List(PathBuf),
}

/// The result of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProbeResult {
    /// Identifier of the probe.
    pub id: String,
    /// The outcome.
    pub outcome: ProbeOutcome,
}

/// The outcome of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProbeOutcome {
    /// The program exited.
    Exited {
        /// Exit code; `None` if a signal terminated it.
        code: Option<i32>,
        /// Standard output; invalid UTF-8 is replaced.
        stdout: String,
        /// Standard error; invalid UTF-8 is replaced.
        stderr: String,
    },
    /// Content of the file; invalid UTF-8 is replaced.
    Content(String),
    /// Metadata of the file.
    Metadata {
        /// Kind of the file.
        kind: FileKind,
        /// User id of the owner.
        uid: u32,
        /// Permission bits.
        mode: u32,
    },
    /// Names in the directory, sorted.
    Entries(Vec<String>),
    /// The file, directory or program does not exist.
    NotFound,
    /// The probe failed; the message is for the user.
    Unknown(String),
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A socket.
    Socket,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

impl Probe {
    /// Creates a probe that runs a program.
    #[must_use]
    pub fn run(id: &str, argv: &[&str], env: BTreeMap<String, String>, timeout_ms: u64) -> Self {
        Self {
            id: id.to_owned(),
            action: ProbeAction::Run {
                argv: argv.iter().map(|&a| a.to_owned()).collect(),
                env,
                timeout_ms,
            },
        }
    }

    /// Creates a probe.
    #[must_use]
    pub fn new(id: &str, action: ProbeAction) -> Self {
        Self {
            id: id.to_owned(),
            action,
        }
    }
}

impl ProbeResult {
    /// Returns the outcome of probe `id`.
    ///
    /// # Errors
    /// Class `plugin` if its result is missing.
    pub fn find<'a>(results: &'a [Self], id: &str) -> Result<&'a ProbeOutcome, Error> {
        results
            .iter()
            .find(|r| r.id == id)
            .map(|r| &r.outcome)
            .ok_or_else(|| {
                let message = format!("the result of probe `{id}` is missing");
                Error::new(Class::Plugin, "probe-missing", message)
            })
    }
}
