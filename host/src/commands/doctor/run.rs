//! Runs the checks of the host, then those of every provider of `kt.doctor/1`.

use super::host_checks;
use crate::commands::context::CommandContext;
use crate::runtime::{CallContext, call_provider};
use kt_plugin_api::doctor::{DoctorCheck, INTERFACE};
use kt_plugin_api::{CellFormat, Class, Column, Error, Invocation, Output, View};
use serde_json::json;
use std::time::Duration;

/// The time limit for the checks of a plugin.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(in crate::commands) fn run(context: &CommandContext<'_>) -> Output {
    let mut all = host_checks::run(context);
    all.extend(plugin_checks(context));
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

fn plugin_checks(context: &CommandContext<'_>) -> Vec<DoctorCheck> {
    let mut all = Vec::new();
    for provider in context.providers.list(INTERFACE) {
        let name = format!("plugin {}", provider.plugin);
        match call(context, &provider.name) {
            Ok(checks) => all.extend(checks),
            Err(error) => all.push(DoctorCheck::from_error(&name, &error)),
        }
    }
    all
}

fn call(context: &CommandContext<'_>, provider: &str) -> Result<Vec<DoctorCheck>, Error> {
    let call = CallContext::new(context.providers, context.terminal, None, 0);
    let layers = context.layers.as_ref().map_err(Clone::clone)?;
    let specs = context
        .registry
        .usable()
        .find(|(_, m)| {
            m.provides
                .iter()
                .any(|p| p.interface == INTERFACE && p.name == provider)
        })
        .map(|(_, m)| m.settings.clone())
        .unwrap_or_default();
    let options = std::collections::BTreeMap::new();
    let (settings, origins) = crate::settings::resolve(&specs, &options, context.env, layers);
    let invocation = Invocation {
        settings,
        origins,
        profile: layers.profile.as_ref().map(|p| p.name.clone()),
        dirs: context.dirs.clone(),
        cwd: context.env.cwd.clone(),
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Invocation::default()
    };
    let request = json!(invocation);
    let response = call_provider(&call, (INTERFACE, provider), "check", &request, TIMEOUT)?;
    serde_json::from_value(response).map_err(|e| {
        Error::new(
            Class::Plugin,
            "invalid-response",
            "the checks of the plugin are malformed",
        )
        .cause(e)
    })
}
