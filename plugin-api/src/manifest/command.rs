//! Groups, commands and their arguments.

use serde::{Deserialize, Serialize};

/// A group of commands. Several plugins may declare the same group if their
/// declarations are identical.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// `["gateway"]`.
    pub path: Vec<String>,
    /// One line, imperative.
    pub about: String,
    /// Heading under which the help of the parent command lists the group, such as
    /// `Fleet`; see [`CommandSpec::heading`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Hidden aliases of the last word.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// `["gateway", "create"]`.
    pub path: Vec<String>,
    /// One line, imperative, without a final period.
    pub about: String,
    /// Heading under which the help of the parent command lists the command, such
    /// as `Service`. Headings are sorted by name. A plugin may use the headings of
    /// other plugins or its own; commands without one are listed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Long help.
    #[serde(default)]
    pub long_about: String,
    /// Hidden alternative paths, such as `["run"]`.
    #[serde(default)]
    pub alias_paths: Vec<Vec<String>>,
    /// Displayed first in the long help; tests run them.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// The command changes state: it gets `--yes`, and `--dry-run` if `dry_run`
    /// is set.
    #[serde(default)]
    pub mutates: bool,
    /// The command supports `--dry-run`.
    #[serde(default)]
    pub dry_run: bool,
    /// The command runs until it is stopped; SIGHUP requests a reload.
    #[serde(default)]
    pub long_running: bool,
    /// The command may create the selected settings profile, so a missing one is
    /// not an error.
    #[serde(default)]
    pub creates_profile: bool,
    /// The command is omitted from help.
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What the example does.
    pub about: String,
    /// The command line.
    pub command: String,
}

/// An outcome with an exit code of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutcomeSpec {
    /// Name of the outcome, as returned by the plugin.
    pub name: String,
    /// Exit code.
    pub code: u8,
    /// Description.
    pub about: String,
}

/// The type of an argument. The host checks it before it loads the plugin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ArgType {
    /// Text.
    #[default]
    String,
    /// An integer.
    Integer,
    /// A switch.
    Boolean,
    /// A path; `-` denotes a standard stream if the help says so.
    Path,
    /// A duration such as `90s`, `1h30m`, `2d`; a unit is required.
    Duration,
    /// One of `values`.
    Enum,
}

/// An argument.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Hidden alternative names of the long option.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The value of the option may also be given without its name, as a positional
    /// argument: `kt greet NAME` and `kt greet --name NAME`. A repeatable one must be the
    /// last of the command, and takes several.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub positional: bool,
    /// Short option, one letter.
    #[serde(default)]
    pub short: Option<char>,
    /// Environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// Default, as text.
    #[serde(default)]
    pub default: Option<String>,
    /// The argument is required.
    #[serde(default)]
    pub required: bool,
    /// The argument may be repeated.
    #[serde(default)]
    pub repeatable: bool,
    /// Names of arguments that it cannot be combined with.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// Allowed values of an enum.
    #[serde(default)]
    pub values: Vec<String>,
    /// Placeholder in help.
    #[serde(default)]
    pub value_name: Option<String>,
    /// The value that is used if the option has none (`--print` instead of
    /// `--print=json`).
    #[serde(default)]
    pub default_missing: Option<String>,
    /// The plugin provides the values for shell completion; for a `string`, `integer` or
    /// `path`. See [`Command::complete`](crate::Command::complete).
    #[serde(default)]
    pub dynamic: bool,
    /// The argument is omitted from help.
    #[serde(default)]
    pub hidden: bool,
}
