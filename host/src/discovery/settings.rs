//! Which plugin's declaration of a setting applies: that of a bundled or system plugin,
//! else that of the first one. It applies to all plugins, so that the user's value has one
//! meaning, and that a secret stays one. A different declaration is a note, because it is
//! no reason to refuse a plugin, and must not take another one out.

use super::groups::installation_first;
use super::plugin::{DiscoveredPlugin, PluginState};
use kt_plugin_api::manifest::SettingSpec;
use std::collections::BTreeMap;

/// Replaces differing declarations, and adds a note to their plugins.
pub(super) fn unify_settings(all: &mut [DiscoveredPlugin]) {
    let declared = declared(all);
    let usable = |plugin: &&mut DiscoveredPlugin| plugin.state == PluginState::Usable;
    for plugin in all.iter_mut().filter(usable) {
        let Some(manifest) = &mut plugin.manifest else {
            continue;
        };
        for setting in &mut manifest.settings {
            let Some((effective, by)) = declared.get(&setting.key) else {
                continue;
            };
            if effective != setting {
                setting.clone_from(effective);
                plugin.notes.push(format!(
                    "its declaration of the setting `{}` is ignored: that of the plugin `{by}` applies",
                    setting.key
                ));
            }
        }
    }
}

/// Returns the declaration of each setting that applies, and its plugin.
fn declared(all: &[DiscoveredPlugin]) -> BTreeMap<String, (SettingSpec, String)> {
    let mut declared = BTreeMap::new();
    for (_, plugin) in installation_first(all) {
        for setting in plugin.manifest.iter().flat_map(|m| &m.settings) {
            declared
                .entry(setting.key.clone())
                .or_insert_with(|| (setting.clone(), plugin.name()));
        }
    }
    declared
}
