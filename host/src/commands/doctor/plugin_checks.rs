//! The checks of plugins, and of the files with the records about them.

use crate::commands::context::CommandContext;
use crate::commands::plugin_check::CheckReport;
use crate::commands::plugin_status::{PluginStatus, status};
use crate::discovery::{DiscoveredPlugin, PluginState, PluginTier};
use crate::plugin_lock::PluginLock;
use kt_plugin_api::Error;
use kt_plugin_api::doctor::DoctorCheck;
use std::collections::BTreeMap;
use std::path::Path;

/// What the usable plugins reported in a child, by name.
pub(super) type Reports = BTreeMap<String, CheckReport>;

/// Checks every plugin, the lock file, and what killed installations left.
pub(super) fn run(context: &CommandContext<'_>, reports: &Reports) -> Vec<DoctorCheck> {
    let path = context.record_paths().lock;
    let lock = PluginLock::read(&path);
    let mut all = Vec::new();
    for plugin in &context.registry.all {
        all.push(plugin_check(plugin, &lock, context, reports));
        all.extend(notes(plugin));
    }
    all.push(lock_check(&path, &lock));
    all.push(installations(&context.dirs.data.join("plugins")));
    all
}

fn plugin_check(
    plugin: &DiscoveredPlugin,
    lock: &Result<PluginLock, Error>,
    context: &CommandContext<'_>,
    reports: &Reports,
) -> DoctorCheck {
    let name = format!("plugin {}", plugin.name());
    if let PluginState::Shadowed(by) = &plugin.state {
        let (dir, by) = (plugin.dir.display(), by.display());
        return DoctorCheck::warning(
            &name,
            format!("`{dir}` is shadowed by `{by}`"),
            format!("remove `{dir}`, or add its name to `plugins.allow_shadow`"),
        );
    }
    let status = status(plugin, lock, context, true);
    match (&status, &plugin.manifest) {
        (
            PluginStatus {
                state: "disabled", ..
            },
            _,
        ) => DoctorCheck::passed(&name, "it is disabled"),
        (
            PluginStatus {
                error: Some(error), ..
            },
            _,
        ) => DoctorCheck::from_error(&name, error),
        (
            PluginStatus {
                state: "unsupported-platform",
                ..
            },
            _,
        ) => DoctorCheck::passed(&name, "does not support this operating system"),
        (PluginStatus { tier, .. }, Some(manifest)) => {
            match reports.get(&plugin.name()).and_then(|r| r.error.as_ref()) {
                None => {
                    let (version, tier) = (&manifest.version, tier.name());
                    DoctorCheck::passed(&name, format!("{version} can be loaded (tier {tier})"))
                }
                Some(error) => DoctorCheck::from_error(&name, error),
            }
        }
        (_, None) => DoctorCheck::failed(&name, "it has no manifest", "reinstall the plugin"),
    }
}

/// Returns what a user should know about a plugin that can be used.
fn notes(plugin: &DiscoveredPlugin) -> Vec<DoctorCheck> {
    let name = format!("plugin {}", plugin.name());
    let mut all = Vec::new();
    if !plugin.notes.is_empty() {
        let remedy = "report it to the author of the plugin";
        all.push(DoctorCheck::warning(&name, plugin.notes.join("; "), remedy));
    }
    if plugin.tier == PluginTier::Development && plugin.link.is_some() {
        all.push(DoctorCheck::warning(
            &name,
            format!("it is linked to `{}` for development", plugin.dir.display()),
            format!("run `kt plugin install '{}' --force`", plugin.dir.display()),
        ));
    }
    if plugin.crashes > 0 && plugin.state == PluginState::Usable {
        all.push(DoctorCheck::warning(
            &name,
            format!("it crashed in each of its last {} runs", plugin.crashes),
            "report it to the author of the plugin",
        ));
    }
    all
}

fn lock_check(path: &Path, lock: &Result<PluginLock, Error>) -> DoctorCheck {
    match lock {
        Ok(lock) if lock.entries.is_empty() => {
            DoctorCheck::passed("plugin lock", "no plugin of the user is locked")
        }
        Ok(lock) => DoctorCheck::passed(
            "plugin lock",
            format!("`{}` has {} plugins", path.display(), lock.entries.len()),
        ),
        Err(error) => DoctorCheck::from_error("plugin lock", error),
    }
}

/// The next installation removes the directories of killed ones.
fn installations(plugins: &Path) -> DoctorCheck {
    let entries = std::fs::read_dir(plugins).into_iter().flatten();
    let hidden = entries
        .filter_map(Result::ok)
        .filter(|e| e.file_name().as_encoded_bytes().starts_with(b"."))
        .count();
    if hidden == 0 {
        return DoctorCheck::passed("plugin installations", "all are complete");
    }
    DoctorCheck::warning(
        "plugin installations",
        format!(
            "{hidden} in `{}` did not complete, or are running",
            plugins.display()
        ),
        "none is used; the next `kt plugin install` removes them",
    )
}
