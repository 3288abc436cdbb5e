//! The manifest as a whole.

use super::{CommandSpec, GroupSpec, ProvidesSpec};
use serde::{Deserialize, Serialize};

/// A plugin's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of this file; 1.
    pub manifest: u32,
    /// The plugin's name, also the name of its folder: `[a-z][a-z0-9-]*`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One line for `kt plugin list`.
    pub description: String,
    /// Semver requirement on the plugin API: `^1.0`.
    pub api: String,
    /// The library's name without prefix and suffix: `x` for `libx.so`.
    pub library: String,
    /// The operating systems it can be loaded on; empty for all.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// SPDX expression.
    #[serde(default)]
    pub license: String,
    /// Address of its home page.
    #[serde(default)]
    pub homepage: String,
    /// Settings it reads.
    #[serde(default, rename = "setting")]
    pub settings: Vec<SettingSpec>,
    /// Groups its commands live in.
    #[serde(default, rename = "group")]
    pub groups: Vec<GroupSpec>,
    /// Commands it runs.
    #[serde(default, rename = "command")]
    pub commands: Vec<CommandSpec>,
    /// Interfaces it provides.
    #[serde(default)]
    pub provides: Vec<ProvidesSpec>,
}

/// A setting that the host resolves: flag > environment > profile > the
/// person's file > the system's file > default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingSpec {
    /// Dotted key in `config.toml`: `api.url`.
    pub key: String,
    /// What it is for.
    pub about: String,
    /// Environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// Long option that every command of the plugin gets.
    #[serde(default)]
    pub flag: Option<String>,
    /// Built-in default.
    #[serde(default)]
    pub default: Option<String>,
    /// Its value is never shown, and never taken from an option.
    #[serde(default)]
    pub secret: bool,
}

impl Manifest {
    /// The library's file name on `os`.
    #[must_use]
    pub fn library_file(&self, os: &str) -> String {
        match os {
            "macos" => format!("lib{}.dylib", self.library),
            "windows" => format!("{}.dll", self.library),
            _ => format!("lib{}.so", self.library),
        }
    }

    /// Whether the plugin can be loaded on `os`.
    #[must_use]
    pub fn supports_os(&self, os: &str) -> bool {
        self.platforms.is_empty() || self.platforms.iter().any(|p| p == os)
    }
}
