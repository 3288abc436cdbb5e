//! Resolves the value of each declared setting, with its origin.

use super::files::Layers;
use crate::environment::Environment;
use kt_plugin_api::manifest::SettingSpec;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The value of a setting, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedSetting {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    pub(crate) origin: String,
    pub(crate) secret: bool,
}

/// Resolves `specs` to the values that a plugin receives, and their origins; unset
/// settings are omitted.
pub(crate) fn resolve(
    specs: &[SettingSpec],
    flags: &BTreeMap<String, String>,
    env: &Environment,
    layers: &Layers,
) -> (Map<String, Value>, BTreeMap<String, String>) {
    resolve_all(specs, flags, env, layers)
        .into_iter()
        .filter_map(|r| Some(((r.key.clone(), Value::String(r.value?)), (r.key, r.origin))))
        .unzip()
}

/// Resolves `specs`, unset settings included.
pub(crate) fn resolve_all(
    specs: &[SettingSpec],
    flags: &BTreeMap<String, String>,
    env: &Environment,
    layers: &Layers,
) -> Vec<ResolvedSetting> {
    specs
        .iter()
        .map(|spec| resolve_one(spec, flags, env, layers))
        .collect()
}

/// Converts a number or a boolean to text; a table is not a setting.
fn scalar_text(value: &toml::Value) -> String {
    match value {
        toml::Value::Integer(n) => n.to_string(),
        toml::Value::Float(n) => n.to_string(),
        toml::Value::Boolean(b) => b.to_string(),
        _ => String::new(),
    }
}

fn resolve_one(
    spec: &SettingSpec,
    flags: &BTreeMap<String, String>,
    env: &Environment,
    layers: &Layers,
) -> ResolvedSetting {
    let resolved = |value: Option<String>, origin: String| ResolvedSetting {
        key: spec.key.clone(),
        value,
        origin,
        secret: spec.secret,
    };
    if let Some(value) = flags.get(&spec.key) {
        return resolved(
            Some(value.clone()),
            format!("--{}", spec.flag.as_deref().unwrap_or_default()),
        );
    }
    let from_env = spec
        .env
        .as_deref()
        .and_then(|name| Some((env.var(name)?, name)));
    if let Some((value, name)) = from_env {
        return resolved(Some(value.to_owned()), name.to_owned());
    }
    if let Some((value, origin)) = layers.get(&spec.key) {
        let text = value
            .as_str()
            .map_or_else(|| scalar_text(value), str::to_owned);
        return resolved(Some(text), origin.to_owned());
    }
    let origin = if spec.default.is_some() {
        "default"
    } else {
        "unset"
    };
    resolved(spec.default.clone(), origin.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::files::{Layer, LayerKind, Layers};
    use super::resolve_all;
    use crate::environment::Environment;
    use kt_plugin_api::manifest::SettingSpec;
    use std::collections::BTreeMap;

    #[test]
    fn the_source_with_the_highest_precedence_is_used() {
        let spec = SettingSpec {
            key: "api.url".to_owned(),
            about: String::new(),
            env: Some("U".to_owned()),
            flag: Some("api-url".to_owned()),
            default: Some("d".to_owned()),
            secret: false,
        };
        let specs = [spec];
        let file = toml::from_str("[api]\nurl = 'f'").unwrap();
        let layers = Layers {
            all: vec![Layer {
                origin: "file".to_owned(),
                table: file,
                kind: LayerKind::File,
            }],
            ..Layers::default()
        };
        let flag = BTreeMap::from([("api.url".to_owned(), "x".to_owned())]);
        let with_env = Environment::for_test(&[("U", "e")]);
        let bare = Environment::for_test(&[]);
        let none = BTreeMap::new();
        let resolve = |flags, env, layers| {
            let r = resolve_all(&specs, flags, env, layers).remove(0);
            (r.value.unwrap(), r.origin)
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(resolve(&flag, &with_env, &layers), pair("x", "--api-url"));
        assert_eq!(resolve(&none, &with_env, &layers), pair("e", "U"));
        assert_eq!(resolve(&none, &bare, &layers), pair("f", "file"));
        assert_eq!(
            resolve(&none, &bare, &Layers::default()),
            pair("d", "default")
        );
    }
}
