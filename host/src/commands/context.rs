//! What the built-in commands have access to.

use crate::discovery::{Registry, SearchDir};
use crate::environment::Environment;
use crate::render::Terminal;
use crate::runtime::Providers;
use crate::settings::Layers;
use kt_plugin_api::manifest::SettingSpec;
use kt_plugin_api::{Dirs, Error};
use std::collections::BTreeMap;

/// The state of kt, for a command.
pub(crate) struct CommandContext<'a> {
    pub(crate) env: &'a Environment,
    pub(crate) dirs: &'a Dirs,
    pub(crate) search: &'a [SearchDir],
    pub(crate) registry: &'a Registry,
    pub(crate) providers: &'a Providers<'a>,
    /// The settings, or why they cannot be read.
    pub(crate) layers: &'a Result<Layers, Error>,
    pub(crate) terminal: &'a Terminal,
}

impl CommandContext<'_> {
    /// Returns the settings that the usable plugins declare, once each.
    pub(super) fn setting_specs(&self) -> Vec<SettingSpec> {
        let mut specs: BTreeMap<String, SettingSpec> = BTreeMap::new();
        for (_, manifest) in self.registry.usable() {
            for spec in &manifest.settings {
                specs
                    .entry(spec.key.clone())
                    .or_insert_with(|| spec.clone());
            }
        }
        specs.into_values().collect()
    }
}
