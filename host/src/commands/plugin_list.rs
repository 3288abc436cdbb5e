//! `kt plugin list`: the plugins on the search path, and whether they can be used.

use super::context::CommandContext;
use crate::discovery::{DiscoveredPlugin, PluginState};
use kt_plugin_api::{CellFormat, Column, Output, View};
use serde_json::{Value, json};

pub(super) fn run(context: &CommandContext<'_>) -> Output {
    let rows: Vec<Value> = context.registry.all.iter().map(row).collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("NAME", "/name"),
            Column::new("VERSION", "/version"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("SOURCE", "/source"),
            Column::new("PROVIDES", "/provides").wide(),
            Column::new("DESCRIPTION", "/description"),
            Column::new("PATH", "/path").wide(),
        ],
        empty: "no plugins found; run `kt doctor` to see the search path".to_owned(),
    };
    let mut output = Output::new("kt.plugin.list/1", Value::Array(rows), view).name_path("/name");
    for plugin in &context.registry.all {
        if let PluginState::Refused(error) = &plugin.state {
            output = output.note(format!("{}: {error}", plugin.name()));
        }
        for note in &plugin.notes {
            output = output.note(format!("{}: {note}", plugin.name()));
        }
    }
    output
}

fn row(plugin: &DiscoveredPlugin) -> Value {
    let manifest = plugin.manifest.as_ref();
    let (state, reason) = match &plugin.state {
        PluginState::Usable => ("ok", None),
        PluginState::Shadowed(first) => ("shadowed", Some(format!("by `{}`", first.display()))),
        PluginState::UnsupportedPlatform => ("unsupported-platform", None),
        PluginState::Refused(error) => ("refused", Some(error.to_string())),
    };
    json!({
        "name": plugin.name(),
        "version": manifest.map(|m| m.version.clone()),
        "description": manifest.map(|m| m.description.clone()),
        "state": state,
        "reason": reason,
        "notes": plugin.notes,
        "source": plugin.source.name(),
        "path": plugin.dir.display().to_string(),
        "commands": manifest.map(|m| m.commands.iter().map(|c| c.path.join(" ")).collect::<Vec<_>>()),
        "provides": manifest.map(|m| {
            m.provides.iter().map(|p| format!("{}:{}", p.interface, p.name)).collect::<Vec<_>>()
        }),
    })
}
