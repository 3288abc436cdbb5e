//! Interfaces that a plugin provides.

use serde::{Deserialize, Serialize};

/// Declares a provider of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProvidesSpec {
    /// Interface id: `kt.service/1`.
    pub interface: String,
    /// Provider name, unique for the interface: `systemd`.
    pub name: String,
    /// The operating systems that the provider manages; empty for all. Distinct
    /// from the platforms that the library can be loaded on.
    #[serde(default)]
    pub os: Vec<String>,
    /// The provider is available if any of these rules matches; empty for always.
    #[serde(default)]
    pub detect: Vec<DetectRule>,
    /// Among the available providers the highest priority is selected.
    #[serde(default)]
    pub priority: i32,
}

/// A condition that the host checks without loading the plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DetectRule {
    /// The directory exists.
    Dir(String),
    /// The file exists.
    File(String),
    /// A program with this name is on `PATH`.
    Program(String),
}
