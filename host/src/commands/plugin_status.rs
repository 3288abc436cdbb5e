//! Whether a plugin will be used, and why not. No library is loaded for it.

use super::context::CommandContext;
use crate::discovery::{DiscoveredPlugin, PluginState, PluginTier};
use crate::load;
use crate::plugin_lock::{self, LockEntry, PluginLock};
use kt_plugin_api::{Class, Error};
use serde_json::{Value, json};

/// Whether a plugin will be used.
pub(super) struct PluginStatus {
    /// `ok`, or why it will not be used, in one word.
    pub(super) state: &'static str,
    /// Why it will not be used.
    pub(super) error: Option<Error>,
    pub(super) tier: PluginTier,
    /// Its entry of the lock file.
    pub(super) entry: Option<LockEntry>,
}

impl PluginStatus {
    /// Returns the reason in one line, with the location in its file.
    pub(super) fn reason(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        let location = error.location.as_ref();
        let location = location.map(|l| format!(" ({}:{}:{})", l.file, l.line, l.column));
        Some(format!("{error}{}", location.unwrap_or_default()))
    }

    /// Returns the plugin as lists show it.
    pub(super) fn summary(&self, plugin: &DiscoveredPlugin) -> Value {
        let manifest = plugin.manifest.as_ref();
        json!({
            "name": plugin.name(),
            "version": manifest.map(|m| m.version.clone()),
            "description": manifest.map(|m| m.description.clone()),
            "state": self.state,
            "reason": self.reason(),
            "notes": plugin.notes,
            "source": plugin.source.name(),
            "tier": self.tier.name(),
            "path": plugin.dir.display().to_string(),
            "commands": manifest.map(|m| m.commands().iter().map(|c| c.path.join(" ")).collect::<Vec<_>>()),
            "provides": manifest.map(|m| {
                m.provides.iter().map(|p| format!("{}:{}", p.interface, p.name)).collect::<Vec<_>>()
            }),
        })
    }
}

/// Checks a plugin without loading it. Hashes come from the cache, unless `rehash` is set.
pub(super) fn status(
    plugin: &DiscoveredPlugin,
    lock: &Result<PluginLock, Error>,
    context: &CommandContext<'_>,
    rehash: bool,
) -> PluginStatus {
    let entry = lock.as_ref().ok().and_then(|lock| {
        let name = plugin.name();
        lock.entries.get(&name).cloned()
    });
    let (state, error) = match (&plugin.state, &plugin.manifest) {
        (PluginState::Shadowed(first), _) => ("shadowed", Some(shadowed(first))),
        (PluginState::UnsupportedPlatform, _) => ("unsupported-platform", None),
        (PluginState::Refused(error), _) => (state_of(error), Some(error.clone())),
        (PluginState::Usable, None) => ("refused", None),
        (PluginState::Usable, Some(manifest)) => {
            let cache = (!rehash).then_some(context.providers.cache.as_path());
            let checked = load::check_files(plugin, manifest).and_then(|_| {
                if plugin.tier == PluginTier::System {
                    return Ok(None);
                }
                let lock = lock.as_ref().map_err(Clone::clone)?;
                plugin_lock::inspect(plugin, manifest, lock, cache)
            });
            match checked {
                Ok(_) => ("ok", None),
                Err(error) => (state_of(&error), Some(error)),
            }
        }
    };
    let signed = plugin.tier == PluginTier::Locked
        && entry.as_ref().is_some_and(|e| e.tier == PluginTier::Signed);
    PluginStatus {
        state,
        error,
        tier: if signed {
            PluginTier::Signed
        } else {
            plugin.tier
        },
        entry,
    }
}

fn state_of(error: &Error) -> &'static str {
    match error.id.as_str() {
        "plugin-disabled" => "disabled",
        "plugin-quarantined" => "quarantined",
        "plugin-incompatible" => "incompatible",
        "plugin-changed" => "changed",
        _ => "refused",
    }
}

fn shadowed(first: &std::path::Path) -> Error {
    Error::new(
        Class::Conflict,
        "plugin-shadowed",
        format!("by `{}`", first.display()),
    )
}
