//! Interfaces that a plugin provides.

use serde::{Deserialize, Serialize};

/// A provider of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvidesSpec {
    /// Interface id: `kt.service/1`.
    pub interface: String,
    /// Provider name, unique for the interface: `systemd`.
    pub name: String,
    /// The operating systems it acts on; empty for all. Distinct from the
    /// platforms it can be loaded on.
    #[serde(default)]
    pub os: Vec<String>,
    /// It is detected when any of these holds; empty for always.
    #[serde(default)]
    pub detect: Vec<DetectRule>,
    /// The highest wins among those that fit.
    #[serde(default)]
    pub priority: i32,
}

/// Something the host looks at without loading the plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DetectRule {
    /// This directory exists.
    Dir(String),
    /// This file exists.
    File(String),
    /// A program of this name is on `PATH`.
    Program(String),
}
