//! The settings files.

use crate::position::line_and_column;
use kt_plugin_api::{Class, Dirs, Error};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The system settings file.
const SYSTEM_FILE: &str = "/etc/kt/config.toml";

/// An active profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// What selected it.
    pub(crate) origin: String,
}

/// The contents of the settings files.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The layers, highest precedence first.
    pub(crate) all: Vec<Layer>,
    /// The user settings file; it may be missing.
    pub(crate) user_file: PathBuf,
    /// The active profile.
    pub(crate) profile: Option<Profile>,
}

/// The settings from one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    /// The source, as it is shown to users.
    pub(crate) origin: String,
    pub(crate) table: Table,
    pub(crate) kind: LayerKind,
}

/// The kind of a layer's source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum LayerKind {
    /// A settings file.
    #[default]
    File,
    /// The file of a profile.
    ProfileFile,
    /// The table of a profile in a settings file.
    ProfileTable,
}

impl Layers {
    /// Reads the files.
    ///
    /// # Errors
    /// Class `settings` with file, line and column.
    pub(crate) fn read(dirs: &Dirs) -> Result<Self, Error> {
        let user_file = dirs.config.join("config.toml");
        let mut layers = Self {
            user_file: user_file.clone(),
            ..Self::default()
        };
        for file in [user_file.as_path(), Path::new(SYSTEM_FILE)] {
            let Some(text) = read(file)? else { continue };
            layers.all.push(Layer {
                origin: file.display().to_string(),
                table: parse(file, &text)?,
                kind: LayerKind::File,
            });
        }
        Ok(layers)
    }

    /// Returns the value of a dotted key with the highest precedence, and its
    /// origin.
    pub(crate) fn get(&self, key: &str) -> Option<(&Value, &str)> {
        self.all
            .iter()
            .find_map(|layer| Some((lookup(&layer.table, key)?, layer.origin.as_str())))
    }

    /// Returns the strings in an array.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        let array = self.get(key).and_then(|(v, _)| v.as_array());
        array
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Returns the string values of a table, merged from every layer.
    pub(crate) fn map(&self, key: &str) -> BTreeMap<String, String> {
        let lowest_first = self.all.iter().rev();
        lowest_first
            .filter_map(|layer| lookup(&layer.table, key)?.as_table())
            .flatten()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
            .collect()
    }
}

fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let mut words = key.split('.');
    let first = table.get(words.next()?)?;
    words.try_fold(first, |value, word| value.get(word))
}

fn read(file: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(file, &e)),
    }
}

/// Returns the error for a settings file that cannot be read.
pub(super) fn unreadable(file: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::new(
        Class::Settings,
        "unreadable-settings",
        format!("cannot read `{}`", file.display()),
    )
    .cause(reason)
}

/// Parses the content of a settings file.
///
/// # Errors
/// Class `settings` with line and column, and without the content, which may be
/// secret.
pub(super) fn parse(file: &Path, text: &str) -> Result<Table, Error> {
    toml::from_str(text).map_err(|e| {
        let (line, column) = e
            .span()
            .map_or((1, 1), |span| line_and_column(text, span.start));
        Error::new(
            Class::Settings,
            "invalid-settings",
            format!("`{}` is not valid TOML", file.display()),
        )
        .cause(e.message())
        .at(file.display().to_string(), line, column)
    })
}

#[cfg(test)]
mod tests {
    use super::{Layer, LayerKind, Layers};

    #[test]
    fn tables_are_merged_by_precedence() {
        let layer = |origin: &str, text: &str| Layer {
            origin: origin.to_owned(),
            table: toml::from_str(text).unwrap(),
            kind: LayerKind::File,
        };
        let layers = Layers {
            all: vec![
                layer("a", "[providers]\n'x/1' = 'first'"),
                layer("b", "[providers]\n'x/1' = 'second'\n'y/1' = 'only'"),
            ],
            ..Layers::default()
        };
        let map = layers.map("providers");
        assert_eq!(
            (map["x/1"].as_str(), map["y/1"].as_str()),
            ("first", "only")
        );
    }
}
