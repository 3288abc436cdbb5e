//! Everything that has a place in the command tree, in the order of precedence.

use super::builtin::{self, BuiltinCommand};
use super::route::Route;
use super::selection::CommandSelection;
use crate::discovery::{
    self, CatalogEntry, CommandRoot, CommandSummary, DiscoveredPlugin, PluginManifest, PluginState,
    Registry,
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
    /// Commands that are not needed, below their first word.
    Below(&'a CommandRoot),
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

    /// Returns the first words of commands, with their aliases.
    fn roots(&'a self) -> Vec<(&'a str, &'a [String])> {
        let mut roots: Vec<(&str, &[String])> = Vec::new();
        let mut add = |path: &'a [String], aliases: &'a [String]| {
            let aliases = if path.len() == 1 { aliases } else { &[] };
            roots.extend(path.first().map(|word| (word.as_str(), aliases)));
        };
        self.builtin.iter().for_each(|d| add(&d.path, &[]));
        self.builtin_groups.iter().for_each(|d| add(&d.path, &[]));
        for (_, manifest) in self.registry.usable() {
            manifest
                .groups
                .iter()
                .for_each(|g| add(&g.path, &g.aliases));
            manifest.roots.iter().for_each(|r| add(&r.path, &[]));
        }
        let refused = self.refused.iter().flat_map(|(paths, _)| paths);
        let not_installed = self.registry.catalog.plugins.iter();
        refused
            .chain(not_installed.flat_map(|entry| &entry.commands))
            .for_each(|path| add(path, &[]));
        roots
    }

    /// Returns the definitions that matter for these arguments. Of several commands with the
    /// same path the first one applies, so a built-in command cannot be replaced.
    pub(super) fn definitions(&'a self, selection: CommandSelection<'_>) -> Vec<Definition<'a>> {
        let needed = NeededRoots::new(self, selection);
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
            if !needed.include(manifest) {
                for root in &manifest.roots {
                    add(&root.path, Item::Below(root));
                }
                continue;
            }
            for summary in manifest.commands() {
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

/// The manifests whose commands are read.
struct NeededRoots<'a> {
    /// The first words that the arguments name; `None` for all.
    named: Option<Vec<&'a str>>,
    /// The commands without a group are listed.
    lists_root: bool,
}

impl<'a> NeededRoots<'a> {
    fn new(sources: &'a Sources<'a>, selection: CommandSelection<'_>) -> Self {
        if selection.has_all() {
            return Self {
                named: None,
                lists_root: true,
            };
        }
        let roots = sources.roots();
        let named = |is_meant: &dyn Fn(&str) -> bool| {
            let means = |(name, aliases): &(&'a str, &[String])| {
                is_meant(name) || aliases.iter().any(|alias| is_meant(alias))
            };
            let mut named: Vec<&str> = roots.iter().filter(|r| means(r)).map(|r| r.0).collect();
            named.sort_unstable();
            named.dedup();
            named
        };
        // After the name of a command, nothing beside it can be reached.
        let first = selection.args().first();
        let first_is_certain = first.is_some_and(|first| named(&|name| first == name).len() == 1);
        let is_completion = matches!(selection, CommandSelection::Completion { .. });
        Self {
            named: Some(named(&|name| selection.contains_name(name))),
            lists_root: !first_is_certain && (is_completion || selection.may_print_help()),
        }
    }

    fn include(&self, manifest: &PluginManifest) -> bool {
        let Some(named) = &self.named else {
            return true;
        };
        let is_listed = self.lists_root && manifest.roots.iter().any(|root| root.is_command);
        is_listed || named.iter().any(|word| manifest.has_root(word))
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
        matches!(
            self,
            Self::BuiltinGroup(_) | Self::Group(_) | Self::Below(_)
        )
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
            Self::Below(root) => !root.has_visible_below,
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
            Self::BuiltinGroup(_) | Self::Group(_) | Self::Below(_) => None,
        }
    }
}
