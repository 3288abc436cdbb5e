//! Which copy of a plugin is used, and which plugin declares a command or a provider.

use super::plugin::{DiscoveredPlugin, PluginState};
use super::search::PluginSource;
use kt_plugin_api::manifest::{Manifest, ProvidesSpec};
use kt_plugin_api::{Class, Error};

/// Moves the user's copies that the settings allow to shadow others to the front.
pub(super) fn prefer_allowed_shadows(all: &mut [DiscoveredPlugin], allow_shadow: &[String]) {
    all.sort_by_key(|f| !(f.source == PluginSource::User && allow_shadow.contains(&f.name())));
}

pub(super) fn mark_shadowed(all: &mut [DiscoveredPlugin]) {
    for i in 1..all.len() {
        let (before, rest) = all.split_at_mut(i);
        let Some(later) = rest.first_mut() else {
            continue;
        };
        if later.state != PluginState::Usable {
            continue;
        }
        let first = before
            .iter()
            .find(|f| f.state == PluginState::Usable && f.name() == later.name());
        if let Some(first) = first {
            later.state = PluginState::Shadowed(first.dir.clone());
        }
    }
}

/// Refuses each plugin that declares a command or a provider of a plugin before it.
pub(super) fn refuse_conflicts(all: &mut [DiscoveredPlugin]) {
    for i in 1..all.len() {
        let (before, rest) = all.split_at_mut(i);
        let Some(later) = rest.first_mut() else {
            continue;
        };
        let (PluginState::Usable, Some(manifest)) = (&later.state, &later.manifest) else {
            continue;
        };
        let conflict = before
            .iter()
            .filter(|f| f.state == PluginState::Usable)
            .find_map(|f| conflict(f.manifest.as_ref()?, manifest).map(|what| (what, f)));
        if let Some((what, first)) = conflict {
            let error = Error::new(
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
            .hint("remove one of the two directories");
            later.state = PluginState::Refused(error);
        }
    }
}

/// Returns what both manifests declare.
pub(super) fn conflict(first: &Manifest, second: &Manifest) -> Option<String> {
    let command = second
        .commands
        .iter()
        .find(|c| first.commands.iter().any(|o| o.path == c.path));
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
