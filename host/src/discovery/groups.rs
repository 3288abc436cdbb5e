//! Which plugin's description of a group is shown: that of a bundled or system plugin,
//! else that of the first one. A different one is a note, because a description is no
//! reason to refuse a plugin.

use super::plugin::{DiscoveredPlugin, PluginState};
use super::search::PluginSource;
use kt_plugin_api::manifest::GroupSpec;
use std::collections::BTreeMap;

/// The group, by its path, and the index of the plugin that describes it.
type Groups = BTreeMap<Vec<String>, (GroupSpec, usize)>;

/// Returns the description of every group that a usable plugin declares.
pub(crate) fn groups(all: &[DiscoveredPlugin]) -> Vec<GroupSpec> {
    described(all)
        .into_values()
        .map(|(group, _)| group)
        .collect()
}

/// Adds a note to each plugin whose description of a group is not shown.
pub(super) fn note_differing_groups(all: &mut [DiscoveredPlugin]) {
    let described = described(all);
    let names: Vec<String> = all.iter().map(DiscoveredPlugin::name).collect();
    for plugin in all.iter_mut() {
        let declared = plugin.manifest.iter().flat_map(|m| &m.groups);
        let notes: Vec<String> = declared
            .filter_map(|group| {
                let (shown, by) = described.get(&group.path).filter(|(g, _)| g != group)?;
                Some(format!(
                    "its description of the group `{}` is ignored: that of the plugin `{}` is `{}`",
                    group.path.join(" "),
                    names.get(*by)?,
                    shown.about
                ))
            })
            .collect();
        if plugin.state == PluginState::Usable {
            plugin.notes.extend(notes);
        }
    }
}

fn described(all: &[DiscoveredPlugin]) -> Groups {
    let mut groups = Groups::new();
    for (index, plugin) in installation_first(all) {
        for group in plugin.manifest.iter().flat_map(|m| &m.groups) {
            groups
                .entry(group.path.clone())
                .or_insert_with(|| (group.clone(), index));
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
