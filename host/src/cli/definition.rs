//! Everything that has a place in the command tree, in the order of precedence.

use super::builtin::{self, BuiltinCommand};
use super::route::Route;
use crate::discovery::{
    self, CatalogEntry, CommandSummary, DiscoveredPlugin, PluginManifest, PluginState, Registry,
};
use kt_plugin_api::Error;
use kt_plugin_api::manifest::GroupSpec;
use std::collections::HashSet;

/// A command or a group, and its path.
pub(super) struct Definition<'a> {
    pub(super) path: &'a [String],
    pub(super) item: Item<'a>,
}

/// A command or a group.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    Builtin(&'a builtin::Definition<BuiltinCommand>),
    BuiltinGroup(&'a builtin::Definition<()>),
    Group(&'a GroupSpec),
    Plugin(&'a PluginManifest, &'a CommandSummary),
    Alias(&'a PluginManifest, &'a CommandSummary),
    Refused(&'a Error),
    NotInstalled(&'a CatalogEntry),
}

/// What definitions refer to, beside the registry.
pub(super) struct Sources<'a> {
    registry: &'a Registry,
    builtin: Vec<builtin::Definition<BuiltinCommand>>,
    builtin_groups: Vec<builtin::Definition<()>>,
    refused: Vec<(Vec<Vec<String>>, &'a Error)>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(registry: &'a Registry) -> Self {
        Self {
            registry,
            builtin: builtin::commands().collect(),
            builtin_groups: builtin::groups().collect(),
            refused: registry
                .all
                .iter()
                .filter_map(|p| refused(p, registry))
                .collect(),
        }
    }

    /// Returns every definition. Of several commands with the same path the first one applies,
    /// so a built-in command cannot be replaced.
    pub(super) fn definitions(&'a self) -> Vec<Definition<'a>> {
        let mut all = Vec::new();
        let mut commands = HashSet::new();
        let mut add = |path: &'a [String], item: Item<'a>| {
            let is_new = item.is_group() || commands.insert(path);
            if is_new && !path.is_empty() {
                all.push(Definition { path, item });
            }
            is_new
        };
        for definition in &self.builtin {
            add(&definition.path, Item::Builtin(definition));
        }
        for group in &self.builtin_groups {
            add(&group.path, Item::BuiltinGroup(group));
        }
        for group in discovery::groups(&self.registry.all) {
            add(&group.path, Item::Group(group));
        }
        for (_, manifest) in self.registry.usable() {
            for summary in &manifest.commands {
                if add(&summary.path, Item::Plugin(manifest, summary)) {
                    for alias in &summary.alias_paths {
                        add(alias, Item::Alias(manifest, summary));
                    }
                }
            }
        }
        for (paths, error) in &self.refused {
            for path in paths {
                add(path, Item::Refused(error));
            }
        }
        for entry in &self.registry.catalog.plugins {
            for path in &entry.commands {
                add(path, Item::NotInstalled(entry));
            }
        }
        all
    }
}

/// Returns the commands of a refused plugin, which fail with the reason.
fn refused<'a>(
    plugin: &'a DiscoveredPlugin,
    registry: &Registry,
) -> Option<(Vec<Vec<String>>, &'a Error)> {
    let PluginState::Refused(error) = &plugin.state else {
        return None;
    };
    let name = plugin.name();
    let listed = registry.catalog.plugins.iter().filter(|e| e.plugin == name);
    let mut paths = plugin.command_paths();
    paths.extend(listed.flat_map(|e| e.commands.iter().cloned()));
    Some((paths, error))
}

impl<'a> Definition<'a> {
    /// Returns the last word of the path.
    pub(super) fn name(&self) -> Option<&'a str> {
        self.path.last().map(String::as_str)
    }

    /// Returns the aliases of a group.
    pub(super) fn aliases(&self) -> &'a [String] {
        match self.item {
            Item::Group(group) => &group.aliases,
            _ => &[],
        }
    }

    /// Returns whether the path begins with these words, and has more.
    pub(super) fn is_below(&self, words: &[&str]) -> bool {
        self.path.len() > words.len() && self.path.iter().zip(words).all(|(a, b)| a == b)
    }
}

impl Item<'_> {
    fn is_group(self) -> bool {
        matches!(self, Self::BuiltinGroup(_) | Self::Group(_))
    }

    /// Returns whether help omits the command. A group is as visible as its commands.
    pub(super) fn is_hidden(self) -> bool {
        match self {
            Self::Builtin(definition) => definition.item.is_hidden(),
            Self::Plugin(_, summary) => summary.hidden,
            Self::Alias(..)
            | Self::Refused(_)
            | Self::NotInstalled(_)
            | Self::BuiltinGroup(_)
            | Self::Group(_) => true,
        }
    }

    /// Returns what a command resolves to; `None` for a group.
    pub(super) fn route(self) -> Option<Route> {
        match self {
            Self::Builtin(definition) => Some(Route::Builtin(definition.item)),
            Self::Plugin(_, summary) | Self::Alias(_, summary) => {
                Some(Route::Plugin(summary.path.clone()))
            }
            Self::Refused(error) => Some(Route::Refused(error.clone())),
            Self::NotInstalled(entry) => Some(Route::NotInstalled(entry.clone())),
            Self::BuiltinGroup(_) | Self::Group(_) => None,
        }
    }
}
