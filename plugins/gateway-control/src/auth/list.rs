//! `kt auth list`.

use super::profile::{ProfileFile, api, folder, is_name};
use kt_control_api::redact_address;
use kt_plugin_api::{Column, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use toml::Table;

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    let config = &invocation.dirs.config;
    let tables = tables(config);
    let names: BTreeSet<String> = files(config)
        .chain(tables.keys().cloned())
        .chain(invocation.profile.clone())
        .collect();
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for name in names {
        let file = match ProfileFile::named(config, &name) {
            Ok(file) => Some(file),
            // A table may have a name that no file can have.
            Err(error) if error.id == "bad-profile-name" => None,
            Err(error) => {
                problems.push(format!("profile `{name}`: {error}"));
                None
            }
        };
        let table = tables.get(&name).and_then(toml::Value::as_table);
        let of_table = |key| table.and_then(|table| api(table, key));
        let file = file.as_ref();
        let server = file.and_then(ProfileFile::url).or_else(|| of_table("url"));
        let token = file
            .and_then(ProfileFile::token)
            .or_else(|| of_table("token"));
        rows.push(json!({
            "profile": name,
            "server": server.map(redact_address),
            "token": token.is_some(),
            "active": invocation.profile.as_ref() == Some(&name),
        }));
    }
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("PROFILE", "/profile"),
            Column::new("SERVER", "/server"),
            Column::new("TOKEN", "/token"),
            Column::new("ACTIVE", "/active"),
        ],
        empty: "there are no profiles yet; `kt auth login` makes one".to_owned(),
    };
    let output = Output::new("kt.auth.list/1", Value::Array(rows), view).name_path("/profile");
    Ok(problems.into_iter().fold(output, Output::note))
}

/// The names of the profiles that have a file.
fn files(config: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder(config)).into_iter().flatten();
    entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let name = name.strip_suffix(".toml")?;
        is_name(name).then(|| name.to_owned())
    })
}

/// The profiles in the person's settings. The host has read the file before and
/// complained, if it must.
fn tables(config: &Path) -> Table {
    let text = std::fs::read_to_string(config.join("config.toml")).unwrap_or_default();
    let settings: Table = toml::from_str(&text).unwrap_or_default();
    let profiles = settings.get("profile").and_then(toml::Value::as_table);
    profiles.cloned().unwrap_or_default()
}
