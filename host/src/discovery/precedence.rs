//! Which copy of a plugin is used, and which plugin declares a command or a provider.

use super::plugin::{DiscoveredPlugin, PluginState};
use super::plugin_manifest::PluginManifest;
use super::search::PluginSource;
use kt_plugin_api::manifest::ProvidesSpec;
use kt_plugin_api::{Class, Error};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Moves the user's copies that the settings allow to shadow others to the front.
pub(super) fn prefer_allowed_shadows(all: &mut [DiscoveredPlugin], allow_shadow: &[String]) {
    all.sort_by_key(|f| !(f.source == PluginSource::User && allow_shadow.contains(&f.name())));
}

pub(super) fn mark_shadowed(all: &mut [DiscoveredPlugin]) {
    let mut first: HashMap<String, PathBuf> = HashMap::new();
    for plugin in all {
        if plugin.state != PluginState::Usable {
            continue;
        }
        match first.entry(plugin.name()) {
            Entry::Vacant(entry) => drop(entry.insert(plugin.dir.clone())),
            Entry::Occupied(entry) => plugin.state = PluginState::Shadowed(entry.get().clone()),
        }
    }
}

/// Refuses each plugin that declares a command or a provider of a plugin before it.
pub(super) fn refuse_conflicts(all: &mut [DiscoveredPlugin]) {
    for (index, error) in conflicts(all) {
        if let Some(plugin) = all.get_mut(index) {
            plugin.state = PluginState::Refused(error);
        }
    }
}

fn conflicts(all: &[DiscoveredPlugin]) -> Vec<(usize, Error)> {
    let repeated = repeated_hashes(all);
    let mut commands: HashMap<&[String], usize> = HashMap::new();
    let mut providers: HashMap<(&str, &str), usize> = HashMap::new();
    let mut refused = Vec::new();
    for (index, later) in all.iter().enumerate() {
        let (PluginState::Usable, Some(manifest)) = (&later.state, &later.manifest) else {
            continue;
        };
        let is_repeated = |hash: &u64| repeated.binary_search(hash).is_ok();
        // The commands of most plugins need not be read for this.
        let compared = manifest.path_hashes.iter().any(is_repeated);
        let summaries = if compared { manifest.commands() } else { &[] };
        let paths = summaries.iter().map(|c| c.path.as_slice());
        let names = manifest.provides.iter();
        let names = names.map(|p| (p.interface.as_str(), p.name.as_str()));
        let declared = paths.clone().filter_map(|path| commands.get(path));
        let provided = names.clone().filter_map(|name| providers.get(&name));
        let first = declared.chain(provided).min().and_then(|at| all.get(*at));
        let conflict = first.and_then(|f| Some((conflict(f.manifest.as_ref()?, manifest)?, f)));
        match conflict {
            Some((what, first)) => refused.push((index, refusal(later, &what, first))),
            None => {
                commands.extend(paths.map(|path| (path, index)));
                providers.extend(names.map(|name| (name, index)));
            }
        }
    }
    refused
}

/// Returns the hashes of paths that several commands have, sorted.
fn repeated_hashes(all: &[DiscoveredPlugin]) -> Vec<u64> {
    let manifests = all.iter().filter_map(|plugin| plugin.manifest.as_ref());
    let mut hashes: Vec<u64> = manifests.flat_map(|m| &m.path_hashes).copied().collect();
    hashes.sort_unstable();
    let repeated = hashes.windows(2).filter(|pair| pair.first() == pair.last());
    repeated.filter_map(|pair| pair.first().copied()).collect()
}

fn refusal(later: &DiscoveredPlugin, what: &str, first: &DiscoveredPlugin) -> Error {
    Error::new(
        Class::Plugin,
        "plugin-conflict",
        format!(
            "plugin `{}` declares {what}, which plugin `{}` already declares",
            later.name(),
            first.name()
        ),
    )
    .cause(format!("first: `{}`", first.dir.display()))
    .cause(format!("second: `{}`", later.dir.display()))
    .hint("remove one of the two directories")
}

/// Returns what both manifests declare.
pub(super) fn conflict(first: &PluginManifest, second: &PluginManifest) -> Option<String> {
    let of_first: HashSet<u64> = first.path_hashes.iter().copied().collect();
    let has_common_hash = second.path_hashes.iter().any(|h| of_first.contains(h));
    let commands = if has_common_hash {
        second.commands()
    } else {
        &[]
    };
    let command = commands
        .iter()
        .find(|c| first.commands().iter().any(|o| o.path == c.path));
    if let Some(command) = command {
        return Some(format!("the command `{}`", command.path.join(" ")));
    }
    let same = |a: &ProvidesSpec, b: &ProvidesSpec| a.interface == b.interface && a.name == b.name;
    second
        .provides
        .iter()
        .find(|p| first.provides.iter().any(|o| same(o, p)))
        .map(|p| format!("the provider `{}` of `{}`", p.name, p.interface))
}
