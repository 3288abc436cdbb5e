//! `kt auth list`.

use super::profile::{ProfileFile, api_value, is_valid_name, profiles_directory};
use kt_control_api::redact_address;
use kt_plugin_api::{Column, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use toml::Table;

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    let config = &invocation.dirs.config;
    let tables = table_profiles(config);
    let names: BTreeSet<String> = file_profiles(config)
        .chain(tables.keys().cloned())
        .chain(invocation.profile.clone())
        .collect();
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for name in names {
        let file = match ProfileFile::named(config, &name) {
            Ok(file) => Some(file),
            // A profile in `config.toml` may have a name that is not valid for a file.
            Err(error) if error.id == "invalid-profile-name" => None,
            Err(error) => {
                problems.push(format!("profile `{name}`: {error}"));
                None
            }
        };
        let table = tables.get(&name).and_then(toml::Value::as_table);
        let from_table = |key| table.and_then(|table| api_value(table, key));
        let file = file.as_ref();
        let server = file
            .and_then(ProfileFile::url)
            .or_else(|| from_table("url"));
        let token = file
            .and_then(ProfileFile::token)
            .or_else(|| from_table("token"));
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
        empty: "there are no profiles; `kt auth login` creates one".to_owned(),
    };
    let output = Output::new("kt.auth.list/1", Value::Array(rows), view).name_path("/profile");
    Ok(problems.into_iter().fold(output, Output::note))
}

/// Returns the names of all profiles.
pub(crate) fn profile_names(config: &Path) -> BTreeSet<String> {
    let tables = table_profiles(config);
    file_profiles(config)
        .chain(tables.keys().cloned())
        .collect()
}

/// Returns the names of the profiles with a file.
fn file_profiles(config: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(profiles_directory(config))
        .into_iter()
        .flatten();
    entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let name = name.strip_suffix(".toml")?;
        is_valid_name(name).then(|| name.to_owned())
    })
}

/// Returns the profiles in `config.toml`. The host has already read the file and reported its
/// problems.
fn table_profiles(config: &Path) -> Table {
    let text = std::fs::read_to_string(config.join("config.toml")).unwrap_or_default();
    let settings: Table = toml::from_str(&text).unwrap_or_default();
    let profiles = settings.get("profile").and_then(toml::Value::as_table);
    profiles.cloned().unwrap_or_default()
}
