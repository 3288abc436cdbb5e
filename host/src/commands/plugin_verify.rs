//! `kt plugin verify`: runs every check of loading, and loads the plugins.

use super::context::CommandContext;
use super::plugin_status::status;
use crate::discovery::DiscoveredPlugin;
use crate::load::VtableError;
use crate::plugin_lock::{PluginLock, current_hashes};
use clap::ArgMatches;
use kt_plugin_api::abi::COMMAND_INTERFACE;
use kt_plugin_api::manifest::Manifest;
use kt_plugin_api::{CellFormat, Class, Column, Error, Output, View};
use serde_json::{Value, json};

pub(super) fn run(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let plugins: Vec<&DiscoveredPlugin> = match matches.get_one::<String>("name") {
        None => context.registry.all.iter().collect(),
        Some(name) => {
            context.named_plugin(matches)?;
            let all = context.registry.all.iter();
            all.filter(|p| p.name() == *name).collect()
        }
    };
    let lock = PluginLock::read(&context.record_paths().lock);
    let rows: Vec<Value> = plugins.iter().map(|p| row(p, &lock, context)).collect();
    let failed = rows
        .iter()
        .any(|r| r.get("state") == Some(&json!("failed")));
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("NAME", "/name"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("TIER", "/tier"),
            Column::new("SHA256", "/sha256").format(CellFormat::Hash),
            Column::new("REASON", "/reason"),
        ],
        empty: "no plugins found".to_owned(),
    };
    let output = Output::new("kt.plugin.verify/1", Value::Array(rows), view).name_path("/name");
    Ok(if failed {
        output.outcome(Class::Negative.name())
    } else {
        output
    })
}

fn row(
    plugin: &DiscoveredPlugin,
    lock: &Result<PluginLock, Error>,
    context: &CommandContext<'_>,
) -> Value {
    let status = status(plugin, lock, context, true);
    let loaded = match (status.state, &plugin.manifest) {
        ("ok", Some(manifest)) => verify(plugin, manifest, context),
        _ => Ok(()),
    };
    let (state, reason) = match (status.state, loaded) {
        (_, Err(error)) => ("failed", error.to_string()),
        (state @ ("ok" | "shadowed" | "unsupported-platform" | "disabled"), _) => {
            (state, status.reason().unwrap_or_default())
        }
        _ => ("failed", status.reason().unwrap_or_default()),
    };
    let hash = current_hashes(plugin).ok().map(|h| h.code);
    json!({
        "name": plugin.name(),
        "state": state,
        "reason": reason,
        "tier": status.tier.name(),
        "sha256": hash.as_deref().map(|h| h.trim_start_matches("sha256:")),
        "path": plugin.dir.display().to_string(),
    })
}

/// Loads the plugin, and checks that it implements the interfaces in its manifest.
pub(super) fn verify(
    plugin: &DiscoveredPlugin,
    manifest: &Manifest,
    context: &CommandContext<'_>,
) -> Result<(), Error> {
    let loaded = context.providers.load(plugin, manifest)?;
    let unusable = |interface: &str, error: VtableError| {
        let message = format!(
            "plugin `{}` {} cannot provide `{interface}`",
            manifest.name, manifest.version
        );
        Error::new(Class::Plugin, "provider-not-found", message).cause(error)
    };
    if !manifest.commands.is_empty() {
        loaded
            .command()
            .map_err(|e| unusable(COMMAND_INTERFACE, e))?;
    }
    for provided in &manifest.provides {
        loaded
            .provider(&provided.interface, &provided.name)
            .map_err(|e| unusable(&provided.interface, e))?;
    }
    Ok(())
}
