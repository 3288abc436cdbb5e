//! `kt plugin verify`: runs every check of loading, and loads each plugin in a child
//! process.

use super::context::CommandContext;
use super::plugin_check::{ChildChecks, check_in_child};
use super::plugin_status::status;
use crate::discovery::DiscoveredPlugin;
use crate::plugin_lock::{PluginLock, current_hashes};
use clap::ArgMatches;
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
    let error = match status.state {
        "ok" => check_in_child(plugin, ChildChecks::Load, context).error,
        _ => None,
    };
    let (state, reason) = match (status.state, error) {
        (_, Some(error)) => ("failed", error.to_string()),
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
