//! The specification of a service.

use crate::{Class, Error};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// Maximum length of a service name: with the family as a prefix it fits into the
/// file names and labels of all service managers.
const MAX_LEN: usize = 32;

/// The name of a service of this user on this system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[a-z0-9][a-z0-9-]{0,31}$")))]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName(String);

impl ServiceName {
    /// The default name.
    pub const DEFAULT: &'static str = "default";

    /// Parses a name: `[a-z0-9][a-z0-9-]{0,31}`.
    ///
    /// # Errors
    /// Class `usage` with id `invalid-service-name`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = text.len() <= MAX_LEN
            && text.bytes().next().is_some_and(alphanumeric)
            && text.bytes().all(|b| alphanumeric(b) || b == b'-');
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(
            Class::Usage,
            "invalid-service-name",
            format!("`{}` is not a valid service name", text.escape_debug()),
        )
        .hint("use 1 to 32 characters of a-z, 0-9 and `-`, not starting with `-`"))
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `family` for the default name, otherwise `family` and the name joined
    /// by `separator`: `kt-gateway`, `kt-gateway-edge`.
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

/// The level of sandboxing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// Restrictions that work on every supported system.
    #[default]
    Base,
    /// Also restrictions that only some systems support; a
    /// [`ServiceBackend::preflight`] succeeded on this one.
    ///
    /// [`ServiceBackend::preflight`]: super::ServiceBackend::preflight
    Strict,
}

/// A program that runs as a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServiceSpec {
    /// Kind of the service: `kt-gateway`. The unit's file name or label consists of
    /// the family and the name.
    pub family: String,
    /// Name of the service.
    pub name: ServiceName,
    /// One line for the user.
    pub description: String,
    /// Name and version of the rendering program: `kt 1.2.3`.
    pub generator: String,
    /// Executable, absolute, and its arguments.
    pub exec: Vec<String>,
    /// The command that reloads the configuration of the running service; empty if
    /// there is none. It exits with 0 only after a completed reload.
    pub reload: Vec<String>,
    /// Environment variables, in order. They must not contain secrets.
    pub environment: Vec<(String, String)>,
    /// A file of `NAME=value` lines; ignored if it does not exist.
    pub environment_file: Option<PathBuf>,
    /// Working directory; default: the home directory.
    pub working_dir: Option<PathBuf>,
    /// The file for standard error, if the service manager does not store the
    /// service's log.
    pub stderr_file: Option<PathBuf>,
    /// Exit codes after which the service is not restarted.
    pub park_exit_codes: Vec<u8>,
    /// Maximum time until the service is ready, in seconds.
    pub start_timeout_s: u32,
    /// Maximum time until the service exits after SIGTERM, in seconds.
    pub stop_timeout_s: u32,
    /// Watchdog timeout in seconds; 0 = none.
    pub watchdog_s: u32,
    /// Maximum number of open files.
    pub open_files_limit: u32,
    /// Level of sandboxing.
    pub sandbox: Sandbox,
    /// A command that exits with 0 if the program works in its sandbox; for the
    /// preflight.
    pub sandbox_check: Vec<String>,
    /// Absolute paths of directories that a strict sandbox keeps writable. They need
    /// not exist.
    pub read_write_paths: Vec<PathBuf>,
    /// Absolute paths of directories that a strict sandbox makes inaccessible. They
    /// need not exist.
    pub inaccessible_paths: Vec<PathBuf>,
    /// Maximum number of file descriptors that the service may store in the service
    /// manager, so that sockets remain open during a restart.
    pub fd_store_max: u32,
}
