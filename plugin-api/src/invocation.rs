//! The input of a command: typed arguments, settings and directories.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Class, Error};

/// The arguments of a command, typed by its manifest.
///
/// An absent option is an absent key, a repeatable one an array, a duration a
/// number of milliseconds. Paths are absolute or relative to [`Invocation::cwd`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Args(pub Map<String, Value>);

impl Args {
    /// Returns the text of argument `name`, if it is present.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Returns all texts of a repeatable argument.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }

    /// Returns whether a switch is on.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Returns an integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// Returns a duration.
    #[must_use]
    pub fn duration(&self, name: &str) -> Option<Duration> {
        self.0
            .get(name)
            .and_then(Value::as_u64)
            .map(Duration::from_millis)
    }

    /// Returns a path.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// Deserializes all arguments into a struct.
    ///
    /// # Errors
    /// Class `internal` if the struct does not match the manifest.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(Value::Object(self.0.clone())).map_err(|e| {
            Error::internal("the arguments of the manifest do not match those of the plugin")
                .cause(e)
        })
    }
}

/// Absolute paths of kt's directories. `KT_HOME` relocates all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dirs {
    /// Settings.
    pub config: PathBuf,
    /// Data: the user's plugins.
    pub data: PathBuf,
    /// State: databases, logs, last applied configurations.
    pub state: PathBuf,
    /// Cache; may be deleted at any time.
    pub cache: PathBuf,
    /// Sockets; private to the user, gone after a reboot.
    pub runtime: PathBuf,
    /// The user's home directory.
    pub home: PathBuf,
}

/// The requested form of the output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct OutputMode {
    /// `table`, `wide`, `json`, `yaml` or `name`.
    pub format: String,
    /// The user can be prompted.
    pub interactive: bool,
    /// Standard output is a terminal.
    pub terminal: bool,
}

/// One run of a command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Invocation {
    /// The command's path: `["gateway", "create"]`.
    pub path: Vec<String>,
    /// Its arguments.
    pub args: Args,
    /// The settings that the plugin's manifest declares and that have a value.
    pub settings: Map<String, Value>,
    /// The source of each setting, as text for the user: an option, an
    /// environment variable, or a location in a settings file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<String, String>,
    /// The active settings profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Directories.
    pub dirs: Dirs,
    /// The working directory.
    pub cwd: PathBuf,
    /// The path of the running `kt`; a stable path if there is one.
    pub exe: PathBuf,
    /// The plugin directories that the user specified.
    pub plugin_dirs: Vec<PathBuf>,
    /// The version of the host.
    pub host_version: String,
    /// Report the changes without making them.
    pub dry_run: bool,
    /// Confirm all prompts.
    pub yes: bool,
    /// The requested form of the output.
    pub output: OutputMode,
}

impl Invocation {
    /// Returns the text of a setting, if it has a value.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).and_then(Value::as_str)
    }

    /// Returns the source of a setting's value, if the host provides it.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&str> {
        self.origins.get(key).map(String::as_str)
    }

    /// Resolves `path` against the working directory.
    #[must_use]
    pub fn resolve_path(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }

    /// Returns the text of an argument that the manifest declares as required.
    ///
    /// # Errors
    /// Class `usage` if it is absent.
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
    fn hosts_and_plugins_may_omit_fields_added_later() {
        let old = r#"{"path": ["a"], "settings": {"k": "v"}}"#;
        let read: Invocation = serde_json::from_str(old).unwrap();
        assert_eq!((read.profile.as_deref(), read.origin("k")), (None, None));
        let written = serde_json::to_string(&read).unwrap();
        assert!(!written.contains("profile") && !written.contains("origins"));
    }
}
