//! `kt plugin link`, `remove`, `enable`, `disable` and `trust`: change how a plugin that
//! exists is used.

use super::context::CommandContext;
use super::plugin_dir::canonical_dir;
use crate::discovery::{
    DiscoveredPlugin, PluginSource, PluginState, PluginTier, read_plugin, set_enabled,
};
use crate::plugin_lock::{LockEntry, PluginLock, current_hashes};
use clap::ArgMatches;
use kt_plugin_api::{Class, Error, Output, View};
use serde_json::json;
use std::path::PathBuf;

pub(super) fn link(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let path = matches.get_one::<PathBuf>("path").cloned();
    let dir = canonical_dir(&context.env.cwd.join(path.unwrap_or_default()))?;
    let installer = context.installer();
    let plugin = read_plugin(&dir, &installer.records).ok_or_else(|| not_a_plugin(&dir))?;
    let manifest = match (&plugin.state, &plugin.manifest) {
        (PluginState::Refused(error), _) => return Err(error.clone()),
        (_, Some(manifest)) => manifest,
        (_, None) => return Err(not_a_plugin(&dir)),
    };
    let force = matches.get_flag("force");
    installer.link(&manifest.name, &manifest.version, &dir, force)?;
    let text = format!("linked {} to {}", manifest.name, dir.display());
    Ok(changed("kt.plugin.link/1", &manifest.name, "linked", text).note(
        "the plugin is in the tier `development`: its files are not checked, which is reported whenever it is used",
    ))
}

pub(super) fn remove(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let plugin = context.named_user_plugin(matches)?;
    let name = plugin.name();
    if plugin.source != PluginSource::User {
        let message = format!(
            "plugin `{name}` was not installed by kt, but is part of `{}`",
            plugin.dir.display()
        );
        return Err(
            Error::new(Class::Conflict, "plugin-not-removable", message).hint(format!(
                "run `kt plugin disable {name}`, or remove its package"
            )),
        );
    }
    let path = plugin.link.as_ref().unwrap_or(&plugin.dir);
    context.installer().remove(&name, path)?;
    let text = format!("removed {name}");
    Ok(changed("kt.plugin.remove/1", &name, "removed", text))
}

pub(super) fn set_use(
    matches: &ArgMatches,
    context: &CommandContext<'_>,
    enabled: bool,
) -> Result<Output, Error> {
    let name = context.named_plugin(matches)?.name();
    set_enabled(&context.record_paths().journal, &name, enabled)?;
    let result = if enabled { "enabled" } else { "disabled" };
    let schema = if enabled {
        "kt.plugin.enable/1"
    } else {
        "kt.plugin.disable/1"
    };
    Ok(changed(schema, &name, result, format!("{result} {name}")))
}

/// Accepts the current files of a plugin of the user.
pub(super) fn trust(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let plugin = context.named_user_plugin(matches)?;
    let name = plugin.name();
    let Some(manifest) = plugin.manifest.as_ref().filter(|_| is_locked(plugin)) else {
        let message = format!("plugin `{name}` has no hashes to change");
        return Err(Error::new(Class::Conflict, "plugin-not-locked", message)
            .cause(format!("its tier is {}", plugin.tier.name())));
    };
    let hashes = current_hashes(plugin).map_err(|e| {
        let message = format!("the files of plugin `{name}` cannot be read");
        Error::new(Class::Plugin, "plugin-broken", message).cause(e)
    })?;
    let question = format!(
        "trust plugin {name} {} as it is now ({}), without a signature?",
        manifest.version, hashes.code
    );
    context.terminal.confirm_change(&question)?;
    let installer = context.installer();
    let lock = PluginLock::read(&installer.records.lock)?;
    let mut entry = LockEntry::new(&name, &manifest.version, PluginTier::Locked);
    if let Some(old) = lock.entries.get(&name) {
        entry.source.clone_from(&old.source);
        // Updates must still be signed.
        entry.public_key.clone_from(&old.public_key);
    }
    let text = format!("trusted {name} {}", hashes.code);
    entry.hashes = vec![hashes.code];
    entry.manifest_hashes = vec![hashes.manifest];
    installer.lock(entry)?;
    Ok(changed("kt.plugin.trust/1", &name, "trusted", text))
}

fn is_locked(plugin: &DiscoveredPlugin) -> bool {
    matches!(plugin.tier, PluginTier::Locked | PluginTier::Signed)
}

fn changed(schema: &str, name: &str, result: &str, text: String) -> Output {
    let value = json!({ "name": name, "result": result });
    Output::new(schema, value, View::Text(format!("{text}\n"))).name_path("/name")
}

fn not_a_plugin(dir: &std::path::Path) -> Error {
    let message = format!("`{}` does not contain a plugin", dir.display());
    Error::new(Class::NotFound, "plugin-not-found", message)
        .hint("specify the directory that contains its `plugin.toml`")
}
