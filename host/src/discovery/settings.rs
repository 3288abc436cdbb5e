//! Which plugin's declaration of a setting applies: that of a bundled or system plugin,
//! else that of the first one. It applies to all plugins, so that the user's value has one
//! meaning, and that a secret stays one. A different declaration is a note, because it is
//! no reason to refuse a plugin, and must not take another one out.

use super::groups::installation_first;
use super::plugin::DiscoveredPlugin;
use kt_plugin_api::manifest::SettingSpec;
use std::collections::BTreeMap;

/// Replaces differing declarations, and adds a note to their plugins.
pub(super) fn unify_settings(all: &mut [DiscoveredPlugin]) {
    for Difference {
        plugin,
        setting,
        effective,
        note,
    } in differences(all)
    {
        let Some(plugin) = all.get_mut(plugin) else {
            continue;
        };
        let settings = plugin.manifest.as_mut().map(|m| &mut m.settings);
        if let Some(replaced) = settings.and_then(|s| s.get_mut(setting)) {
            *replaced = effective;
            plugin.notes.push(note);
        }
    }
}

/// A declaration that does not apply: the indexes of its plugin and in its manifest.
struct Difference {
    plugin: usize,
    setting: usize,
    effective: SettingSpec,
    note: String,
}

fn differences(all: &[DiscoveredPlugin]) -> Vec<Difference> {
    let mut declared: BTreeMap<&str, (&SettingSpec, &DiscoveredPlugin)> = BTreeMap::new();
    let installation_first = installation_first(all);
    for (_, plugin) in &installation_first {
        for setting in plugin.manifest.iter().flat_map(|m| &m.settings) {
            declared.entry(&setting.key).or_insert((setting, plugin));
        }
    }
    let mut differences = Vec::new();
    for (index, plugin) in installation_first {
        let settings = plugin.manifest.iter().flat_map(|m| &m.settings);
        for (at, setting) in settings.enumerate() {
            let effective = declared.get(setting.key.as_str());
            if let Some((effective, by)) = effective.filter(|(e, _)| *e != setting) {
                differences.push(Difference {
                    plugin: index,
                    setting: at,
                    effective: (*effective).clone(),
                    note: format!(
                        "its declaration of the setting `{}` is ignored: that of the plugin `{}` applies",
                        setting.key,
                        by.name()
                    ),
                });
            }
        }
    }
    differences
}
