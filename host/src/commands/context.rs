//! What the built-in commands have access to.

use crate::discovery::{
    DiscoveredPlugin, PluginSource, PluginState, RecordPaths, Registry, SearchDir,
};
use crate::environment::Environment;
use crate::install::Installer;
use crate::render::Terminal;
use crate::runtime::Providers;
use crate::settings::Layers;
use crate::suggestion::closest_match;
use clap::ArgMatches;
use kt_plugin_api::manifest::SettingSpec;
use kt_plugin_api::{Class, Dirs, Error};
use std::collections::BTreeMap;
use std::sync::Arc;

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

impl<'a> CommandContext<'a> {
    /// Returns the files with the records about plugins.
    pub(super) fn record_paths(&self) -> RecordPaths {
        RecordPaths::of(self.dirs)
    }

    /// Returns the installer of the user's plugins.
    pub(super) fn installer(&self) -> Installer {
        Installer {
            plugins: self.dirs.data.join("plugins"),
            records: Arc::new(self.record_paths()),
        }
    }

    /// Returns the plugins with the names in the arguments, once each: the copies that are
    /// used, else the first ones.
    ///
    /// # Errors
    /// Class `not-found`, with the most similar name.
    pub(super) fn named_plugins(
        &self,
        matches: &ArgMatches,
    ) -> Result<Vec<&'a DiscoveredPlugin>, Error> {
        let mut names: Vec<&String> = Vec::new();
        for name in matches.get_many::<String>("name").into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter().map(|name| self.plugin(name)).collect()
    }

    /// Returns the copy of the user of a plugin, else the plugin itself.
    pub(super) fn copy_of_user(&self, named: &'a DiscoveredPlugin) -> &'a DiscoveredPlugin {
        let mut all = self.registry.all.iter();
        let of_user = all.find(|p| p.source == PluginSource::User && p.name() == named.name());
        of_user.unwrap_or(named)
    }

    /// Returns the plugin with the name in the arguments: the copy that is used, else the
    /// first one.
    ///
    /// # Errors
    /// Class `not-found`, with the most similar name.
    pub(super) fn named_plugin(&self, matches: &ArgMatches) -> Result<&'a DiscoveredPlugin, Error> {
        self.plugin(matches.get_one::<String>("name").map_or("", String::as_str))
    }

    fn plugin(&self, name: &str) -> Result<&'a DiscoveredPlugin, Error> {
        let registry: &'a Registry = self.registry;
        let named = || registry.all.iter().filter(|p| p.name() == name);
        let used = named().find(|p| p.state == PluginState::Usable);
        used.or_else(|| named().next()).ok_or_else(|| {
            let message = format!("plugin `{name}` does not exist");
            let names: Vec<String> = registry.all.iter().map(DiscoveredPlugin::name).collect();
            let similar = closest_match(name, names.iter().map(String::as_str));
            let error = Error::new(Class::NotFound, "plugin-not-found", message);
            match similar {
                Some(similar) => error.hint(format!("did you mean `{similar}`?")),
                None => error.hint("run `kt plugin list` to see every plugin"),
            }
        })
    }

    /// Returns the settings that the usable plugins declare, once each.
    pub(crate) fn setting_specs(&self) -> Vec<SettingSpec> {
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
