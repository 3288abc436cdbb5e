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
use serde_json::{Value, json};
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
    let named = context.named_plugins(matches)?.into_iter();
    let plugins: Vec<&DiscoveredPlugin> = named.map(|p| context.copy_of_user(p)).collect();
    // Nothing is removed if one of them cannot be.
    plugins
        .iter()
        .try_for_each(|plugin| check_removable(plugin))?;
    let names: Vec<String> = plugins.iter().map(|plugin| plugin.name()).collect();
    for (index, plugin) in plugins.iter().enumerate() {
        let path = plugin.link.as_ref().unwrap_or(&plugin.dir);
        let removed = context.installer().remove(&plugin.name(), path);
        removed.map_err(|error| match names.get(..index) {
            Some(done @ [_, ..]) => error.cause(format!("already removed: {}", done.join(", "))),
            _ => error,
        })?;
    }
    Ok(all_changed("kt.plugin.remove/1", &names, "removed"))
}

fn check_removable(plugin: &DiscoveredPlugin) -> Result<(), Error> {
    if plugin.source == PluginSource::User {
        return Ok(());
    }
    let name = plugin.name();
    let message = format!(
        "plugin `{name}` was not installed by kt, but is part of `{}`",
        plugin.dir.display()
    );
    let error = Error::new(Class::Conflict, "plugin-not-removable", message);
    Err(error.hint(format!(
        "run `kt plugin disable {name}`, or remove its package"
    )))
}

pub(super) fn set_use(
    matches: &ArgMatches,
    context: &CommandContext<'_>,
    enabled: bool,
) -> Result<Output, Error> {
    let plugins = context.named_plugins(matches)?;
    let names: Vec<String> = plugins.iter().map(|plugin| plugin.name()).collect();
    for name in &names {
        set_enabled(&context.record_paths().journal, name, enabled)?;
    }
    let result = if enabled { "enabled" } else { "disabled" };
    let schema = if enabled {
        "kt.plugin.enable/1"
    } else {
        "kt.plugin.disable/1"
    };
    Ok(all_changed(schema, &names, result))
}

/// Accepts the current files of a plugin of the user.
pub(super) fn trust(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let plugin = context.copy_of_user(context.named_plugin(matches)?);
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

/// Returns the result for one plugin as an object, and those for several as a list.
fn all_changed(schema: &str, names: &[String], result: &str) -> Output {
    if let [only] = names {
        return changed(schema, only, result, format!("{result} {only}"));
    }
    let values = names.iter().map(|name| change(name, result));
    let text: String = names
        .iter()
        .map(|name| format!("{result} {name}\n"))
        .collect();
    Output::new(schema, values.collect(), View::Text(text)).name_path("/name")
}

fn change(name: &str, result: &str) -> Value {
    json!({ "name": name, "result": result })
}

fn changed(schema: &str, name: &str, result: &str, text: String) -> Output {
    let value = change(name, result);
    Output::new(schema, value, View::Text(format!("{text}\n"))).name_path("/name")
}

fn not_a_plugin(dir: &std::path::Path) -> Error {
    let message = format!("`{}` does not contain a plugin", dir.display());
    Error::new(Class::NotFound, "plugin-not-found", message)
        .hint("specify the directory that contains its `plugin.toml`")
}
