//! `kt plugin verify`: makes every check that loading makes, and loads.

use super::HostState;
use crate::discovery::{Found, State};
use clap::ArgMatches;
use kt_plugin_api::abi::COMMAND_INTERFACE;
use kt_plugin_api::manifest::Manifest;
use kt_plugin_api::{CellFormat, Class, Column, Error, Output, View};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(super) fn run(matches: &ArgMatches, state: &HostState<'_>) -> Result<Output, Error> {
    let wanted = matches.get_one::<String>("name");
    let chosen: Vec<&Found> = state
        .registry
        .all
        .iter()
        .filter(|f| wanted.is_none_or(|name| f.name() == *name))
        .collect();
    if let (Some(name), true) = (wanted, chosen.is_empty()) {
        return Err(Error::new(
            Class::NotFound,
            "plugin-not-found",
            format!("there is no plugin `{name}`"),
        )
        .hint("`kt plugin list` shows every plugin that was found"));
    }
    let rows: Vec<Value> = chosen.iter().map(|f| row(f, state)).collect();
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
        empty: "no plugins were found".to_owned(),
    };
    let output = Output::new("kt.plugin.verify/1", Value::Array(rows), view).name_path("/name");
    Ok(if failed {
        output.outcome(Class::Negative.name())
    } else {
        output
    })
}

fn row(found: &Found, state: &HostState<'_>) -> Value {
    let (word, reason) = match (&found.state, &found.manifest) {
        (State::Refused(error), _) => ("failed", error.to_string()),
        (State::Shadowed(by), _) => ("shadowed", format!("by `{}`", by.display())),
        (State::OtherPlatform, _) => ("other-platform", String::new()),
        (State::Ok, Some(manifest)) => match verify(found, manifest, state) {
            Ok(()) => ("ok", String::new()),
            Err(error) => ("failed", error.to_string()),
        },
        (State::Ok, None) => ("failed", "it has no manifest".to_owned()),
    };
    json!({
        "name": found.name(),
        "state": word,
        "reason": reason,
        "sha256": found.library().filter(|path| path.is_file()).and_then(|path| std::fs::read(path).ok()).map(|b| hex(&Sha256::digest(b))),
        "path": found.dir.display().to_string(),
    })
}

/// Loads the plugin and asks for everything that its manifest promises.
pub(super) fn verify(
    found: &Found,
    manifest: &Manifest,
    state: &HostState<'_>,
) -> Result<(), Error> {
    let loaded = state.providers.plugin(found, manifest)?;
    let commands = (!manifest.commands.is_empty()).then_some(COMMAND_INTERFACE);
    let interfaces = manifest.provides.iter().map(|p| p.interface.as_str());
    for id in commands.into_iter().chain(interfaces) {
        if loaded.interface(id).is_none() {
            return Err(Error::new(
                Class::Plugin,
                "provider-missing",
                format!(
                    "plugin `{}` promises `{id}` and does not have it",
                    manifest.name
                ),
            ));
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
