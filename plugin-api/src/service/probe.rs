//! Looks at the world that the caller makes for a backend.

use super::{ServiceName, SystemInfo};
use crate::{Class, Error};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InspectTarget {
    /// The service manager; the results go to `detect`.
    Supervisor,
    /// One service; the results go to `observe`.
    Service {
        /// What kind of service.
        family: String,
        /// Which one.
        name: ServiceName,
    },
}

/// The request of `inspect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectRequest {
    /// What is to be looked at.
    pub target: InspectTarget,
    /// What the caller knows.
    pub system: SystemInfo,
}

/// The answer to `inspect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probes {
    /// Probes in any order; they do not depend on each other.
    pub probes: Vec<Probe>,
}

/// One look. It changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Name within the request.
    pub id: String,
    /// How to look.
    pub action: ProbeAction,
}

/// How to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeAction {
    /// ExecSpec a program that only reads.
    Run {
        /// Program and arguments, without a shell.
        argv: Vec<String>,
        /// Variables set on top of the caller's environment.
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// How long it may take, milliseconds.
        timeout_ms: u64,
    },
    /// Read a file; at most a mebibyte of it.
    Read(PathBuf),
    /// ProbeAction at a file without following a link.
    Stat(PathBuf),
    /// Names in a directory.
    List(PathBuf),
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// The probe's name.
    pub id: String,
    /// What was found.
    pub outcome: ProbeOutcome,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeOutcome {
    /// The program ended.
    Exited {
        /// Exit code; `None` when a signal ended it.
        code: Option<i32>,
        /// Standard output, unreadable bytes replaced.
        stdout: String,
        /// Standard error, unreadable bytes replaced.
        stderr: String,
    },
    /// The file's text, unreadable bytes replaced.
    Content(String),
    /// There is such a file.
    Metadata {
        /// What it is.
        kind: FileKind,
        /// Who owns it.
        uid: u32,
        /// Its permission bits.
        mode: u32,
    },
    /// Names in the directory, sorted.
    Entries(Vec<String>),
    /// There is no such file, directory or program.
    NotFound,
    /// It could not be found out; the reason is for people.
    Unknown(String),
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A probe that runs a program.
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

    /// Another probe.
    #[must_use]
    pub fn new(id: &str, action: ProbeAction) -> Self {
        Self {
            id: id.to_owned(),
            action,
        }
    }
}

impl ProbeResult {
    /// What probe `id` found.
    ///
    /// # Errors
    /// Class `plugin` when the caller did not make it.
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
