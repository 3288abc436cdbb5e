//! Unknown keys in the settings files, most of them misspelled.

use super::files::{LayerKind, Layers};
use crate::suggestion::closest_match;
use kt_plugin_api::manifest::SettingSpec;
use kt_plugin_api::{Class, Error};
use toml::{Table, Value};

/// Keys of the host; one that ends with `.` is a table with arbitrary keys.
const HOST_KEYS: [&str; 6] = [
    "default_profile",
    "plugins.allow_in_process",
    "plugins.allow_shadow",
    "plugins.isolate",
    "plugins.memory_limit",
    "providers.",
];

/// Those of them that have lists.
const LISTS: [&str; 3] = [
    "plugins.allow_in_process",
    "plugins.allow_shadow",
    "plugins.isolate",
];

/// Returns a message for each key that neither the host nor an installed plugin
/// declares.
pub(crate) fn unknown_keys(layers: &Layers, specs: &[SettingSpec]) -> Vec<String> {
    let mut messages = Vec::new();
    // The table of a profile is checked with its file.
    for layer in layers
        .all
        .iter()
        .filter(|l| l.kind != LayerKind::ProfileTable)
    {
        for key in keys(&layer.table) {
            // A profile may contain every key that a file may contain.
            let plain = key
                .strip_prefix("profile.")
                .filter(|_| layer.kind == LayerKind::File)
                .and_then(|rest| rest.split_once('.'));
            let key_below = plain.map_or(key.as_str(), |(_, below)| below);
            if !is_known(key_below, specs) {
                messages.push(message(&key, key_below, &layer.origin, specs));
            }
        }
    }
    messages
}

/// A setting that can be changed.
#[derive(Debug)]
pub(crate) struct KnownSetting {
    /// The words of its key; those of a provider's key are one.
    pub(crate) words: Vec<String>,
    /// It has a list of values.
    pub(crate) list: bool,
    /// Its value is not an argument.
    pub(crate) secret: bool,
}

/// Returns the setting with a key.
///
/// # Errors
/// Class `usage` if neither the host nor an installed plugin has it.
pub(crate) fn known_setting(key: &str, specs: &[SettingSpec]) -> Result<KnownSetting, Error> {
    if !is_known(key, specs) {
        let message = format!("`{key}` is not a setting of kt or an installed plugin");
        let error = Error::new(Class::Usage, "unknown-setting", message);
        let candidates = specs.iter().map(|s| s.key.as_str()).chain(HOST_KEYS);
        let suggestion = closest_match(key, candidates);
        let error = suggestion.into_iter().fold(error, |error, found| {
            error.hint(format!("did you mean `{found}`?"))
        });
        return Err(error.hint("`kt config show` lists the settings"));
    }
    let words = match key.split_once('.') {
        Some(("providers", interface)) => vec!["providers".to_owned(), interface.to_owned()],
        _ => key.split('.').map(str::to_owned).collect(),
    };
    Ok(KnownSetting {
        words,
        list: LISTS.contains(&key),
        secret: specs.iter().any(|spec| spec.key == key && spec.secret),
    })
}

fn is_known(key: &str, specs: &[SettingSpec]) -> bool {
    let of_host = HOST_KEYS
        .iter()
        .any(|known| key == *known || (known.ends_with('.') && key.starts_with(known)));
    of_host || specs.iter().any(|s| s.key == key)
}

fn message(key: &str, below: &str, file: &str, specs: &[SettingSpec]) -> String {
    let candidates = specs.iter().map(|s| s.key.as_str()).chain(HOST_KEYS);
    let suggestion = closest_match(below, candidates)
        .map(|k| format!("; did you mean `{k}`?"))
        .unwrap_or_default();
    format!("`{key}` in {file} is not a setting of kt or an installed plugin{suggestion}")
}

/// Returns the dotted keys of all values that are not tables.
fn keys(table: &Table) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                all.extend(keys(inner).into_iter().map(|key| format!("{name}.{key}")));
            }
            _ => all.push(name.clone()),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::files::{Layer, LayerKind, Layers};
    use super::unknown_keys;
    use kt_plugin_api::manifest::SettingSpec;

    fn unknown(kind: LayerKind, text: &str) -> Vec<String> {
        let layers = Layers {
            all: vec![Layer {
                origin: "f".to_owned(),
                table: toml::from_str(text).unwrap(),
                kind,
            }],
            ..Layers::default()
        };
        let spec = SettingSpec {
            key: "api.url".to_owned(),
            about: String::new(),
            env: None,
            flag: None,
            default: None,
            secret: false,
        };
        unknown_keys(&layers, &[spec])
    }

    #[test]
    fn only_unknown_keys_are_reported() {
        let text = "default_profile = 'a'\n[api]\nurl = 'x'\nulr = 'y'\n[profile.a.api]\nurl = 'z'\n\
                    [providers]\n\"kt.service/1\" = 's'\n[plugins]\nallow_shadow = []\n";
        let unknown = unknown(LayerKind::File, text);
        assert_eq!(unknown.len(), 1, "{unknown:?}");
        assert!(unknown[0].contains("`api.ulr`") && unknown[0].contains("did you mean `api.url`"));
    }

    #[test]
    fn a_profile_file_contains_no_profiles() {
        let unknown_in = |text: &str| unknown(LayerKind::ProfileFile, text);
        assert!(unknown_in("[api]\nurl = 'x'\n").is_empty());
        let misspelled = unknown_in("[api]\nulr = 'x'\n");
        assert!(
            misspelled[0].contains("did you mean `api.url`"),
            "{misspelled:?}"
        );
        let nested = unknown_in("[profile.a.api]\nurl = 'x'\n");
        assert!(nested[0].contains("`profile.a.api.url`"), "{nested:?}");
        // The table of a profile is not checked twice.
        assert!(unknown(LayerKind::ProfileTable, "[api]\nulr = 'x'\n").is_empty());
    }
}
