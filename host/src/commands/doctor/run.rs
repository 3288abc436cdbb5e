//! Runs the checks of the host, then those of every provider of `kt.doctor/1`.

use super::host_checks;
use super::plugin_checks::Reports;
use crate::commands::context::CommandContext;
use crate::commands::plugin_check::{ChildChecks, check_in_child};
use kt_plugin_api::doctor::{DoctorCheck, INTERFACE};
use kt_plugin_api::{CellFormat, Class, Column, Error, Output, View};
use serde_json::Value;

pub(in crate::commands) fn run(context: &CommandContext<'_>) -> Output {
    let usable = context.registry.usable();
    let reports: Reports = usable
        .map(|(plugin, _)| {
            let report = check_in_child(plugin, ChildChecks::Doctor, context);
            (plugin.name(), report)
        })
        .collect();
    let mut all = host_checks::run(context, &reports);
    all.extend(plugin_checks(context, &reports));
    let failed = all.iter().filter(|c| c.state == "failed").count();
    let remedies: Vec<String> = all
        .iter()
        .filter_map(|c| Some(format!("{}: {}", c.name, c.remedy.as_ref()?)))
        .collect();
    let rows = serde_json::to_value(&all).unwrap_or_default();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("CHECK", "/name"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("MESSAGE", "/message"),
        ],
        empty: String::new(),
    };
    let mut output = Output::new("kt.doctor/1", rows, view).name_path("/name");
    output.notes = remedies;
    if failed > 0 {
        output.outcome(Class::Negative.name())
    } else {
        output
    }
}

/// Returns the results of the providers of `kt.doctor/1`.
fn plugin_checks(context: &CommandContext<'_>, reports: &Reports) -> Vec<DoctorCheck> {
    let mut all = Vec::new();
    for provider in context.providers.list(INTERFACE) {
        let name = format!("plugin {}", provider.plugin);
        let report = reports.get(&provider.plugin);
        for result in report.iter().flat_map(|report| &report.doctor) {
            match result.clone().and_then(parse) {
                Ok(checks) => all.extend(checks),
                Err(error) => all.push(DoctorCheck::from_error(&name, &error)),
            }
        }
    }
    all
}

fn parse(response: Value) -> Result<Vec<DoctorCheck>, Error> {
    serde_json::from_value(response).map_err(|e| {
        let message = "the checks of the plugin are malformed";
        Error::new(Class::Plugin, "invalid-response", message).cause(e)
    })
}
