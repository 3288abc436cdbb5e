//! Which plugin's description of a group is shown: that of a bundled or system plugin,
//! else that of the first one. A different one is a note, because a description is no
//! reason to refuse a plugin.

use super::plugin::{DiscoveredPlugin, PluginState};
use super::search::PluginSource;
use kt_plugin_api::manifest::GroupSpec;
use std::collections::BTreeMap;

/// The group, by its path, and the index of the plugin that describes it.
type Groups<'a> = BTreeMap<&'a [String], (&'a GroupSpec, usize)>;

/// Returns the description of every group that a usable plugin declares.
pub(crate) fn groups(all: &[DiscoveredPlugin]) -> impl Iterator<Item = &GroupSpec> {
    described(all).into_values().map(|(group, _)| group)
}

/// Adds a note to each plugin whose description of a group is not shown.
pub(super) fn note_differing_groups(all: &mut [DiscoveredPlugin]) {
    for (index, note) in notes(all) {
        if let Some(plugin) = all.get_mut(index) {
            plugin.notes.push(note);
        }
    }
}

fn notes(all: &[DiscoveredPlugin]) -> Vec<(usize, String)> {
    let described = described(all);
    let mut notes = Vec::new();
    for (index, plugin) in all.iter().enumerate() {
        if plugin.state != PluginState::Usable {
            continue;
        }
        for group in plugin.manifest.iter().flat_map(|m| &m.groups) {
            let shown = described.get(group.path.as_slice());
            let Some((shown, by)) = shown.filter(|(shown, _)| *shown != group) else {
                continue;
            };
            let Some(by) = all.get(*by) else { continue };
            let note = format!(
                "its description of the group `{}` is ignored: that of the plugin `{}` is `{}`",
                group.path.join(" "),
                by.name(),
                shown.about
            );
            notes.push((index, note));
        }
    }
    notes
}

fn described(all: &[DiscoveredPlugin]) -> Groups<'_> {
    let mut groups = Groups::new();
    for (index, plugin) in installation_first(all) {
        for group in plugin.manifest.iter().flat_map(|m| &m.groups) {
            groups.entry(&group.path).or_insert((group, index));
        }
    }
    groups
}

/// Returns the usable plugins with their indexes, those of the installation first.
pub(super) fn installation_first(all: &[DiscoveredPlugin]) -> Vec<(usize, &DiscoveredPlugin)> {
    let mut usable: Vec<(usize, &DiscoveredPlugin)> = all
        .iter()
        .enumerate()
        .filter(|(_, p)| p.state == PluginState::Usable)
        .collect();
    usable.sort_by_key(|(_, p)| !of_installation(p.source));
    usable
}

fn of_installation(source: PluginSource) -> bool {
    matches!(source, PluginSource::Bundled | PluginSource::System)
}
