//! The settings files.

use super::profile::Profile;
use kt_plugin_api::{Class, Dirs, Error};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The system's settings.
const SYSTEM_FILE: &str = "/etc/kt/config.toml";

/// The settings files, read.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// What the files hold, strongest first.
    pub(crate) all: Vec<Layer>,
    /// The person's file, whether it exists or not.
    pub(crate) user_file: PathBuf,
    /// The profile in force.
    pub(crate) profile: Option<Profile>,
}

/// The settings of one place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    /// The place, as people are told it.
    pub(crate) origin: String,
    pub(crate) table: Table,
    pub(crate) kind: Kind,
}

/// What kind of place settings come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole settings file.
    #[default]
    File,
    /// A profile's own file.
    ProfileFile,
    /// The part of a settings file that a profile takes from it.
    Part,
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
                kind: Kind::File,
            });
        }
        Ok(layers)
    }

    /// The strongest value of a dotted key, with its origin.
    pub(crate) fn get(&self, key: &str) -> Option<(&Value, &str)> {
        self.all
            .iter()
            .find_map(|layer| Some((at(&layer.table, key)?, layer.origin.as_str())))
    }

    /// The texts of an array.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        let found = self.get(key).and_then(|(v, _)| v.as_array());
        found
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// The text values of a table, merged from every place.
    pub(crate) fn map(&self, key: &str) -> BTreeMap<String, String> {
        let weakest_first = self.all.iter().rev();
        weakest_first
            .filter_map(|layer| at(&layer.table, key)?.as_table())
            .flatten()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
            .collect()
    }
}

fn at<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
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

/// A settings file that is there and cannot be read.
pub(super) fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::new(
        Class::Settings,
        "unreadable-settings",
        format!("cannot read `{}`", file.display()),
    )
    .cause(why)
}

/// The table that a file holds.
///
/// # Errors
/// Class `settings` with line and column, and nothing of what stands there.
pub(super) fn parse(file: &Path, text: &str) -> Result<Table, Error> {
    toml::from_str(text).map_err(|e| {
        let (line, column) = e
            .span()
            .map_or((1, 1), |span| crate::discovery::place(text, span.start));
        Error::new(
            Class::Settings,
            "bad-settings",
            format!("`{}` is not valid TOML", file.display()),
        )
        .cause(e.message())
        .at(file.display().to_string(), line, column)
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, Layer, Layers};

    #[test]
    fn tables_merge_and_the_strongest_value_wins() {
        let layer = |origin: &str, text: &str| Layer {
            origin: origin.to_owned(),
            table: toml::from_str(text).unwrap(),
            kind: Kind::File,
        };
        let layers = Layers {
            all: vec![
                layer("a", "[providers]\n'x/1' = 'strong'"),
                layer("b", "[providers]\n'x/1' = 'weak'\n'y/1' = 'only'"),
            ],
            ..Layers::default()
        };
        let map = layers.map("providers");
        assert_eq!(
            (map["x/1"].as_str(), map["y/1"].as_str()),
            ("strong", "only")
        );
    }
}
