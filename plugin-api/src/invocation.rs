//! What a command is told: its typed arguments, settings and directories.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Class, Error};

/// The arguments of a command, typed by its manifest.
///
/// Absent options are absent keys; repeatable ones are arrays; durations are
/// milliseconds; paths are absolute or relative to [`Invocation::cwd`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Args(pub Map<String, Value>);

impl Args {
    /// The text of argument `name`, if it was given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Every text of a repeatable argument.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// A duration.
    #[must_use]
    pub fn duration(&self, name: &str) -> Option<Duration> {
        self.0
            .get(name)
            .and_then(Value::as_u64)
            .map(Duration::from_millis)
    }

    /// A path.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// All arguments as a struct.
    ///
    /// # Errors
    /// An internal error when manifest and struct disagree.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(Value::Object(self.0.clone()))
            .map_err(|e| Error::internal("the manifest's arguments do not fit the plugin").cause(e))
    }
}

/// Where things are kept, all absolute. `KT_HOME` moves all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dirs {
    /// Settings.
    pub config: PathBuf,
    /// Data: user plugins.
    pub data: PathBuf,
    /// State: databases, logs, last applied configurations.
    pub state: PathBuf,
    /// Cache; may be deleted at any time.
    pub cache: PathBuf,
    /// Sockets; private to the user, gone after a reboot.
    pub runtime: PathBuf,
    /// The person's home directory.
    pub home: PathBuf,
}

/// How the person wants to be answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputMode {
    /// `table`, `wide`, `json`, `yaml` or `name`.
    pub format: String,
    /// Questions may be asked.
    pub interactive: bool,
    /// Standard output is a terminal.
    pub terminal: bool,
}

/// One run of a command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Invocation {
    /// The command's path: `["gateway", "create"]`.
    pub path: Vec<String>,
    /// Its arguments.
    pub args: Args,
    /// The settings that the plugin's manifest declares, by key.
    pub settings: Map<String, Value>,
    /// Where each of them came from: an option, a variable, or a place in the
    /// settings, as people are told it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<String, String>,
    /// The profile of settings in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Directories.
    pub dirs: Dirs,
    /// The working directory.
    pub cwd: PathBuf,
    /// The running `kt`, as it was found: a stable path where there is one.
    pub exe: PathBuf,
    /// Every directory that was searched for plugins by explicit wish.
    pub plugin_dirs: Vec<PathBuf>,
    /// The version of the host.
    pub host_version: String,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Questions are answered with yes.
    pub yes: bool,
    /// How to answer.
    pub output: OutputMode,
}

impl Invocation {
    /// The text of a setting, if it has a value.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).and_then(Value::as_str)
    }

    /// Where a setting's value came from, if it has one and the host says so.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&str> {
        self.origins.get(key).map(String::as_str)
    }

    /// `path` made absolute against the working directory.
    #[must_use]
    pub fn resolve_path(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }

    /// The text of an argument that the manifest makes required.
    ///
    /// # Errors
    /// Class `usage` when it is absent all the same.
    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.args.text(name).ok_or_else(|| {
            Error::new(
                Class::Usage,
                "missing-argument",
                format!("`--{name}` is missing"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Invocation;

    #[test]
    fn older_hosts_and_plugins_do_without_the_later_fields() {
        let old = r#"{"path": ["a"], "settings": {"k": "v"}}"#;
        let read: Invocation = serde_json::from_str(old).unwrap();
        assert_eq!((read.profile.as_deref(), read.origin("k")), (None, None));
        let written = serde_json::to_string(&read).unwrap();
        assert!(!written.contains("profile") && !written.contains("origins"));
    }
}
