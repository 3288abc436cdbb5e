//! `kt config show`: every setting with its value and origin; secrets are only
//! said to be set.

use super::HostState;
use crate::settings::{Layers, resolve_all, unknown_keys};
use kt_plugin_api::manifest::SettingSpec;
use kt_plugin_api::{Column, Error, Output, View};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn run(state: &HostState<'_>) -> Result<Output, Error> {
    let layers = state.layers.as_ref().map_err(Clone::clone)?;
    let specs = all_specs(state);
    let mut rows = directories(state);
    rows.push(profile(layers));
    rows.extend(
        resolve_all(&specs, &BTreeMap::new(), state.env, layers)
            .into_iter()
            .map(|r| {
                let value = if r.secret {
                    r.value.map(|_| "(set)".to_owned())
                } else {
                    r.value.as_deref().map(without_password)
                };
                json!({ "key": r.key, "value": value, "origin": r.origin, "secret": r.secret })
            }),
    );
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("KEY", "/key"),
            Column::new("VALUE", "/value"),
            Column::new("ORIGIN", "/origin"),
        ],
        empty: String::new(),
    };
    let output = Output::new("kt.config.show/1", Value::Array(rows), view).name_path("/key");
    let unknown = unknown_keys(layers, &specs);
    Ok(unknown.into_iter().fold(output, |output, line| {
        output.note(format!("warning: {line}"))
    }))
}

/// The profile in force, and what chose it.
fn profile(layers: &Layers) -> Value {
    let profile = layers.profile.as_ref();
    let origin = profile.map_or("unset", |p| p.origin.as_str());
    json!({ "key": "profile", "value": profile.map(|p| &p.name), "origin": origin, "secret": false })
}

/// Hides what stands before the `@` of an address. Commands refuse such an address, and readers
/// put up with addresses written in many ways, so rather too much is hidden than too little.
fn without_password(value: &str) -> String {
    let Some((before, after)) = value.rsplit_once('@') else {
        return value.to_owned();
    };
    if !before.contains(':') {
        return value.to_owned();
    }
    let is_scheme = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    match before.split_once("://").filter(|(it, _)| is_scheme(it)) {
        Some((scheme, _)) => format!("{scheme}://***@{after}"),
        None => format!("***@{after}"),
    }
}

/// The settings that the usable plugins declare, each once.
pub(super) fn all_specs(state: &HostState<'_>) -> Vec<SettingSpec> {
    let mut specs: BTreeMap<String, SettingSpec> = BTreeMap::new();
    for (_, manifest) in state.registry.usable() {
        for spec in &manifest.settings {
            specs
                .entry(spec.key.clone())
                .or_insert_with(|| spec.clone());
        }
    }
    specs.into_values().collect()
}

fn directories(state: &HostState<'_>) -> Vec<Value> {
    let origin = if state.env.var(crate::environment::HOME).is_some() {
        "KT_HOME"
    } else {
        "XDG"
    };
    let d = state.dirs;
    [("config", &d.config), ("data", &d.data), ("state", &d.state), ("cache", &d.cache), ("runtime", &d.runtime)]
        .into_iter()
        .map(|(name, path)| {
            json!({ "key": format!("dirs.{name}"), "value": path.display().to_string(), "origin": origin, "secret": false })
        })
        .collect()
}
