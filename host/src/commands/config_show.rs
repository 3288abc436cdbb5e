//! `kt config show`: every setting with its value and origin. The values of secrets
//! are not shown.

use super::context::CommandContext;
use crate::settings::{Layers, resolve_all, unknown_keys};
use kt_plugin_api::{Column, Error, Output, View};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn run(context: &CommandContext<'_>) -> Result<Output, Error> {
    let layers = context.layers.as_ref().map_err(Clone::clone)?;
    let specs = context.setting_specs();
    let mut rows = directories(context);
    rows.push(profile(layers));
    rows.extend(
        resolve_all(&specs, &BTreeMap::new(), context.env, layers)
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

/// The active profile, and what selected it.
fn profile(layers: &Layers) -> Value {
    let profile = layers.profile.as_ref();
    let origin = profile.map_or("unset", |p| p.origin.as_str());
    json!({ "key": "profile", "value": profile.map(|p| &p.name), "origin": origin, "secret": false })
}

/// Hides everything before the `@` of a URL that may contain a password. Commands refuse
/// such URLs. Parsers differ in what they accept, so more may be hidden than necessary.
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

fn directories(context: &CommandContext<'_>) -> Vec<Value> {
    let origin = if context.env.var(crate::environment::HOME).is_some() {
        "KT_HOME"
    } else {
        "XDG"
    };
    let d = context.dirs;
    [("config", &d.config), ("data", &d.data), ("state", &d.state), ("cache", &d.cache), ("runtime", &d.runtime)]
        .into_iter()
        .map(|(name, path)| {
            json!({ "key": format!("dirs.{name}"), "value": path.display().to_string(), "origin": origin, "secret": false })
        })
        .collect()
}
