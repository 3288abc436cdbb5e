//! Groups, commands and their arguments.

use serde::{Deserialize, Serialize};

/// A group of commands. The same group may be declared by several plugins, if
/// they agree on every word of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// `["gateway"]`.
    pub path: Vec<String>,
    /// One line, imperative.
    pub about: String,
    /// Hidden other names of the last word.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// `["gateway", "create"]`.
    pub path: Vec<String>,
    /// One line, imperative, no final stop.
    pub about: String,
    /// The long help.
    #[serde(default)]
    pub long_about: String,
    /// Hidden other paths, such as `["run"]`.
    #[serde(default)]
    pub alias_paths: Vec<Vec<String>>,
    /// Shown first in the long help; tests run them.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// It changes something: gets `--dry-run` where `dry_run` is set, and `--yes`.
    #[serde(default)]
    pub mutates: bool,
    /// It can say what it would do.
    #[serde(default)]
    pub dry_run: bool,
    /// It runs until it is stopped; SIGHUP is a reload, not an end.
    #[serde(default)]
    pub long_running: bool,
    /// It may make the profile of settings that it is told: one that does not
    /// exist yet is no error.
    #[serde(default)]
    pub creates_profile: bool,
    /// The command is left out of help.
    #[serde(default)]
    pub hidden: bool,
    /// Arguments in the order of help.
    #[serde(default, rename = "arg")]
    pub args: Vec<ArgSpec>,
    /// Outcomes beyond the classes.
    #[serde(default, rename = "outcome")]
    pub outcomes: Vec<OutcomeSpec>,
}

/// An example of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it does.
    pub about: String,
    /// The command line.
    pub command: String,
}

/// An outcome with an exit code of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeSpec {
    /// Name that the plugin returns.
    pub name: String,
    /// Exit code.
    pub code: u8,
    /// Meaning.
    pub about: String,
}

/// The type of an argument; the host checks it before the plugin is loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArgType {
    /// Text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// A switch.
    Boolean,
    /// A path; `-` stands for a standard stream where the help says so.
    Path,
    /// A duration such as `90s`, `1h30m`, `2d`; never a bare number.
    Duration,
    /// One of `values`.
    Enum,
}

/// An argument.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgSpec {
    /// Key in the invocation's arguments.
    pub name: String,
    /// One line of help.
    pub about: String,
    /// Type.
    #[serde(default, rename = "type")]
    pub kind: ArgType,
    /// Long option; absent together with `short` for a positional argument.
    #[serde(default)]
    pub long: Option<String>,
    /// Short option, one letter.
    #[serde(default)]
    pub short: Option<char>,
    /// Environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// Default, as text.
    #[serde(default)]
    pub default: Option<String>,
    /// Must be given.
    #[serde(default)]
    pub required: bool,
    /// May be given several times.
    #[serde(default)]
    pub repeatable: bool,
    /// Names of arguments it cannot stand beside.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// Allowed values of an enum.
    #[serde(default)]
    pub values: Vec<String>,
    /// Placeholder in help.
    #[serde(default)]
    pub value_name: Option<String>,
    /// Its value may be left out: `--print` or `--print=json`; what stands then.
    #[serde(default)]
    pub default_missing: Option<String>,
    /// The plugin offers values for completion.
    #[serde(default)]
    pub dynamic: bool,
    /// Left out of help.
    #[serde(default)]
    pub hidden: bool,
}
