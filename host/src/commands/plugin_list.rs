//! `kt plugin list`: the plugins on the search path, and whether they will be used.

use super::context::CommandContext;
use super::plugin_status::{PluginStatus, status};
use crate::discovery::DiscoveredPlugin;
use crate::plugin_lock::PluginLock;
use kt_plugin_api::{CellFormat, Column, Output, View};
use serde_json::Value;

pub(super) fn run(context: &CommandContext<'_>) -> Output {
    let lock = PluginLock::read(&context.record_paths().lock);
    let all: Vec<(&DiscoveredPlugin, PluginStatus)> = context
        .registry
        .all
        .iter()
        .map(|plugin| (plugin, status(plugin, &lock, context, false)))
        .collect();
    let rows: Vec<Value> = all.iter().map(|(plugin, s)| s.summary(plugin)).collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("NAME", "/name"),
            Column::new("VERSION", "/version"),
            Column::new("SOURCE", "/source"),
            Column::new("TIER", "/tier"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("PROVIDES", "/provides").wide(),
            Column::new("PATH", "/path").wide(),
            Column::new("DESCRIPTION", "/description"),
            Column::new("REASON", "/reason"),
        ],
        empty: "no plugins found; run `kt doctor` to see the search path".to_owned(),
    };
    let mut output = Output::new("kt.plugin.list/1", Value::Array(rows), view).name_path("/name");
    if let Err(error) = &lock {
        output = output.note(error.to_string());
    }
    for (plugin, status) in &all {
        let name = plugin.name();
        let hints = status.error.iter().flat_map(|e| &e.hints);
        for note in plugin.notes.iter().chain(hints) {
            output = output.note(format!("{name}: {note}"));
        }
    }
    output
}
