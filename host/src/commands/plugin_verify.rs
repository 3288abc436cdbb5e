//! `kt plugin verify`: runs every check of loading, and loads the plugins.

use super::context::CommandContext;
use crate::discovery::{DiscoveredPlugin, PluginState};
use crate::load::VtableError;
use clap::ArgMatches;
use kt_plugin_api::abi::COMMAND_INTERFACE;
use kt_plugin_api::manifest::Manifest;
use kt_plugin_api::{CellFormat, Class, Column, Error, Output, View};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(super) fn run(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let name = matches.get_one::<String>("name");
    let plugins: Vec<&DiscoveredPlugin> = context
        .registry
        .all
        .iter()
        .filter(|f| name.is_none_or(|name| f.name() == *name))
        .collect();
    if let (Some(name), true) = (name, plugins.is_empty()) {
        return Err(Error::new(
            Class::NotFound,
            "plugin-not-found",
            format!("plugin `{name}` does not exist"),
        )
        .hint("run `kt plugin list` to see every plugin"));
    }
    let rows: Vec<Value> = plugins.iter().map(|p| row(p, context)).collect();
    let failed = rows
        .iter()
        .any(|r| r.get("state") == Some(&json!("failed")));
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("NAME", "/name"),
            Column::new("STATE", "/state").format(CellFormat::State),
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

fn row(plugin: &DiscoveredPlugin, context: &CommandContext<'_>) -> Value {
    let (state, reason) = match (&plugin.state, &plugin.manifest) {
        (PluginState::Refused(error), _) => ("failed", error.to_string()),
        (PluginState::Shadowed(by), _) => ("shadowed", format!("by `{}`", by.display())),
        (PluginState::UnsupportedPlatform, _) => ("unsupported-platform", String::new()),
        (PluginState::Usable, Some(manifest)) => match verify(plugin, manifest, context) {
            Ok(()) => ("ok", String::new()),
            Err(error) => ("failed", error.to_string()),
        },
        (PluginState::Usable, None) => ("failed", "it has no manifest".to_owned()),
    };
    json!({
        "name": plugin.name(),
        "state": state,
        "reason": reason,
        "sha256": plugin.library().filter(|path| path.is_file()).and_then(|path| std::fs::read(path).ok()).map(|b| hex(&Sha256::digest(b))),
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
