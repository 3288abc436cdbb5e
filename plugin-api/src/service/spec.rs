//! What is to be run as a service.

use crate::{Class, Error};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// Longest name of a service: short enough for every service manager's file
/// and label with the family before it.
const MAX_LEN: usize = 32;

/// Names a service on this machine and for this user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName(String);

impl ServiceName {
    /// The name that stands when none is given.
    pub const DEFAULT: &'static str = "default";

    /// Reads a name: `[a-z0-9][a-z0-9-]{0,31}`.
    ///
    /// # Errors
    /// Class `usage` with id `bad-service-name`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = text.len() <= MAX_LEN
            && text.bytes().next().is_some_and(known)
            && text.bytes().all(|b| known(b) || b == b'-');
        if good {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(
            Class::Usage,
            "bad-service-name",
            format!("`{}` cannot name a service", text.escape_debug()),
        )
        .hint("use 1 to 32 of a-z, 0-9 and `-`, not beginning with `-`"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `family` for the default name, else both joined by `separator`:
    /// `kt-gateway`, `kt-gateway-edge`.
    #[must_use]
    pub fn qualify(&self, family: &str, separator: char) -> String {
        if self.0 == Self::DEFAULT {
            family.to_owned()
        } else {
            format!("{family}{separator}{}", self.0)
        }
    }
}

impl Default for ServiceName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl TryFrom<String> for ServiceName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> Self {
        name.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a service is shut in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// What holds on every system that the backend supports.
    #[default]
    Base,
    /// Also what only some systems can do; a [`ServiceBackend::preflight`] has
    /// shown that this one can.
    ///
    /// [`ServiceBackend::preflight`]: super::ServiceBackend::preflight
    Strict,
}

/// A program to keep running.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceSpec {
    /// What kind of service: `kt-gateway`. With the name it makes the unit's
    /// file name or label.
    pub family: String,
    /// Which one of that kind.
    pub name: ServiceName,
    /// One line for people.
    pub description: String,
    /// Program and version that renders: `kt 1.2.3`.
    pub generator: String,
    /// Executable, absolute, and its arguments.
    pub exec: Vec<String>,
    /// The command that makes the running service take its configuration
    /// again, if there is one. It ends with 0 only when that is done.
    pub reload: Vec<String>,
    /// Environment in order. Never holds a secret.
    pub environment: Vec<(String, String)>,
    /// A file of `NAME=value` lines that may be absent.
    pub environment_file: Option<PathBuf>,
    /// Working directory; the home directory when absent.
    pub working_dir: Option<PathBuf>,
    /// Where the standard error of the service goes when the service manager
    /// keeps no log.
    pub stderr_file: Option<PathBuf>,
    /// Exit codes of a failure that trying again cannot cure.
    pub park_exit_codes: Vec<u8>,
    /// How long it may take to become ready, seconds.
    pub start_timeout_s: u32,
    /// How long it may take to end after SIGTERM, seconds.
    pub stop_timeout_s: u32,
    /// How long it may go without a sign of life, seconds; 0 for no limit.
    pub watchdog_s: u32,
    /// How many files it may have open.
    pub open_files_limit: u32,
    /// How far it is shut in.
    pub sandbox: Sandbox,
    /// A command that ends with 0 where the program can work in its sandbox;
    /// for the preflight.
    pub sandbox_check: Vec<String>,
    /// Directories that it writes to, absolute; a strict sandbox leaves it
    /// nothing else. One that does not exist is no error.
    pub read_write_paths: Vec<PathBuf>,
    /// Directories that a strict sandbox hides from it. One that does not exist
    /// is no error.
    pub inaccessible_paths: Vec<PathBuf>,
    /// How many listening sockets it may leave with the service manager, so
    /// that they stay open while it is restarted.
    pub fd_store_max: u32,
}
