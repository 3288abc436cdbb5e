//! Keys of the settings files that nothing reads, most of them misspelt.

use super::files::{Kind, Layers};
use kt_plugin_api::manifest::SettingSpec;
use toml::{Table, Value};

/// Keys of the host itself; one that ends with `.` takes any key below it.
const OF_THE_HOST: [&str; 3] = ["default_profile", "plugins.allow_shadow", "providers."];
/// Names further apart than this (Jaro-Winkler) are not the same word misspelt.
const LIKENESS: f64 = 0.8;

/// A sentence for each key that neither the host nor an installed plugin reads.
pub(crate) fn unknown_keys(layers: &Layers, specs: &[SettingSpec]) -> Vec<String> {
    let mut found = Vec::new();
    // A part of a file was looked at with the file.
    for layer in layers.all.iter().filter(|l| l.kind != Kind::Part) {
        for key in keys(&layer.table) {
            // A profile holds what the file itself may hold.
            let plain = key
                .strip_prefix("profile.")
                .filter(|_| layer.kind == Kind::File)
                .and_then(|rest| rest.split_once('.'));
            let key_below = plain.map_or(key.as_str(), |(_, below)| below);
            if !is_known(key_below, specs) {
                found.push(sentence(&key, key_below, &layer.origin, specs));
            }
        }
    }
    found
}

fn is_known(key: &str, specs: &[SettingSpec]) -> bool {
    let of_host = OF_THE_HOST
        .iter()
        .any(|known| key == *known || (known.ends_with('.') && key.starts_with(known)));
    of_host || specs.iter().any(|s| s.key == key)
}

fn sentence(key: &str, below: &str, file: &str, specs: &[SettingSpec]) -> String {
    let known = specs.iter().map(|s| s.key.as_str()).chain(OF_THE_HOST);
    let meant = nearest(below, known)
        .map(|k| format!("; did you mean `{k}`?"))
        .unwrap_or_default();
    format!("`{key}` in {file} is no setting of kt or an installed plugin{meant}")
}

/// The known word that a misspelt one is most like.
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|k| (strsim::jaro_winkler(k, word), k))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// The dotted keys of everything that is no table.
fn keys(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(keys(inner).into_iter().map(|key| format!("{name}.{key}")));
            }
            _ => found.push(name.clone()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::files::{Kind, Layer, Layers};
    use super::unknown_keys;
    use kt_plugin_api::manifest::SettingSpec;

    fn found(kind: Kind, text: &str) -> Vec<String> {
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
    fn misspelt_keys_are_named_and_good_ones_are_not() {
        let text = "default_profile = 'a'\n[api]\nurl = 'x'\nulr = 'y'\n[profile.a.api]\nurl = 'z'\n\
                    [providers]\n\"kt.service/1\" = 's'\n[plugins]\nallow_shadow = []\n";
        let found = found(Kind::File, text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("`api.ulr`") && found[0].contains("did you mean `api.url`"));
    }

    #[test]
    fn a_profile_file_holds_no_profiles() {
        let found_in = |text: &str| found(Kind::ProfileFile, text);
        assert!(found_in("[api]\nurl = 'x'\n").is_empty());
        let misspelt = found_in("[api]\nulr = 'x'\n");
        assert!(
            misspelt[0].contains("did you mean `api.url`"),
            "{misspelt:?}"
        );
        let nested = found_in("[profile.a.api]\nurl = 'x'\n");
        assert!(nested[0].contains("`profile.a.api.url`"), "{nested:?}");
        // The part of a file is not looked at twice.
        assert!(found(Kind::Part, "[api]\nulr = 'x'\n").is_empty());
    }
}
