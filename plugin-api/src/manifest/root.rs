//! The manifest as a whole.

use super::{CommandSpec, GroupSpec, ProvidesSpec};
use serde::{Deserialize, Serialize};

/// A plugin's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the file format; 1.
    pub manifest: u32,
    /// Name of the plugin and of its directory: `[a-z][a-z0-9-]*`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One line for `kt plugin list`.
    pub description: String,
    /// Semver requirement on the plugin API: `^1.0`.
    pub api: String,
    /// Name of the library without prefix and suffix: `x` for `libx.so`. Required for
    /// [`PluginKind::Library`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub library: String,
    /// Whether the plugin is a library or a program.
    #[serde(default)]
    pub kind: PluginKind,
    /// File name of the program. Required for [`PluginKind::Process`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub executable: String,
    /// Where a library is loaded; absent for the default of the host. A program always
    /// runs in a process of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// The operating systems that the library can be loaded on; empty for all.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// SPDX expression.
    #[serde(default)]
    pub license: String,
    /// URL of the home page.
    #[serde(default)]
    pub homepage: String,
    /// Settings that the plugin reads.
    #[serde(default, rename = "setting")]
    pub settings: Vec<SettingSpec>,
    /// Groups of its commands.
    #[serde(default, rename = "group")]
    pub groups: Vec<GroupSpec>,
    /// Commands of the plugin.
    #[serde(default, rename = "command")]
    pub commands: Vec<CommandSpec>,
    /// Interfaces that the plugin provides.
    #[serde(default)]
    pub provides: Vec<ProvidesSpec>,
    /// The key that the feature `next` adds.
    #[cfg(feature = "next")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<String>,
}

/// What a plugin consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    /// A shared library.
    #[default]
    Library,
    /// A program, in any language, that the host starts.
    Process,
}

/// Where the code of a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In the process of the host.
    InProcess,
    /// In a process of its own.
    Process,
}

/// A setting. The host resolves it in this order of precedence: option,
/// environment, profile, the user's file, the system's file, default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SettingSpec {
    /// Dotted key in `config.toml`: `api.url`.
    pub key: String,
    /// One line of help.
    pub about: String,
    /// Environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// Long option, added to every command of the plugin.
    #[serde(default)]
    pub flag: Option<String>,
    /// Built-in default.
    #[serde(default)]
    pub default: Option<String>,
    /// The value is never displayed, and not accepted as an option.
    #[serde(default)]
    pub secret: bool,
}

impl Manifest {
    /// Returns the file name of the library on `os`.
    #[must_use]
    pub fn library_file(&self, os: &str) -> String {
        match os {
            "macos" => format!("lib{}.dylib", self.library),
            "windows" => format!("{}.dll", self.library),
            _ => format!("lib{}.so", self.library),
        }
    }

    /// Returns the name of the file that contains the code of the plugin on `os`: its
    /// library or its program.
    #[must_use]
    pub fn code_file(&self, os: &str) -> String {
        match self.kind {
            PluginKind::Library => self.library_file(os),
            PluginKind::Process => self.executable.clone(),
        }
    }

    /// Returns whether the plugin can be loaded on `os`.
    #[must_use]
    pub fn supports_os(&self, os: &str) -> bool {
        self.platforms.is_empty() || self.platforms.iter().any(|p| p == os)
    }
}
