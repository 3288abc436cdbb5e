//! `kt plugin list`: what was found, and which of it may be used.

use super::HostState;
use crate::discovery::{Catalog, Found, State};
use kt_plugin_api::{CellFormat, Column, Error, Output, View};
use serde_json::{Value, json};

pub(super) fn run(state: &HostState<'_>) -> Output {
    let rows: Vec<Value> = state.registry.all.iter().map(row).collect();
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
        empty: "no plugins were found; run `kt doctor` to see where they are searched".to_owned(),
    };
    let mut output = Output::new("kt.plugin.list/1", Value::Array(rows), view).name_path("/name");
    for found in &state.registry.all {
        if let State::Refused(error) = &found.state {
            output = output.note(format!("{}: {error}", found.name()));
        }
    }
    output
}

fn row(found: &Found) -> Value {
    let manifest = found.manifest.as_ref();
    let (word, reason) = match &found.state {
        State::Ok => ("ok", None),
        State::Shadowed(first) => ("shadowed", Some(format!("by `{}`", first.display()))),
        State::OtherPlatform => ("other-platform", None),
        State::Refused(error) => ("refused", Some(error.to_string())),
    };
    json!({
        "name": found.name(),
        "version": manifest.map(|m| m.version.clone()),
        "description": manifest.map(|m| m.description.clone()),
        "state": word,
        "reason": reason,
        "source": found.tier.word(),
        "path": found.dir.display().to_string(),
        "commands": manifest.map(|m| m.commands.iter().map(|c| c.path.join(" ")).collect::<Vec<_>>()),
        "provides": manifest.map(|m| {
            m.provides.iter().map(|p| format!("{}:{}", p.interface, p.name)).collect::<Vec<_>>()
        }),
    })
}

/// `kt plugin catalog`: the data that tells which plugin offers what.
pub(super) fn catalog(state: &HostState<'_>) -> Result<Output, Error> {
    let catalog = Catalog::of(state.registry.usable().map(|(_, m)| m));
    let value = serde_json::to_value(&catalog)
        .map_err(|e| Error::internal("the catalog cannot be written").cause(e))?;
    let text = catalog.to_toml();
    Ok(Output::new("kt.plugin.catalog/1", value, View::Text(text)))
}
