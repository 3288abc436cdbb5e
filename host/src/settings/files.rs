//! The settings files.

use crate::environment::{self, Environment};
use kt_plugin_api::{Class, Dirs, Error};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The system's settings.
const SYSTEM_FILE: &str = "/etc/kt/config.toml";

/// The settings files, read.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// Where each table came from, strongest first.
    pub(crate) tables: Vec<(String, Table)>,
    /// The person's file, whether it exists or not.
    pub(crate) user_file: PathBuf,
}

impl Layers {
    /// Reads the files.
    ///
    /// # Errors
    /// Class `settings` with file, line and column.
    pub(crate) fn read(dirs: &Dirs) -> Result<Self, Error> {
        let user_file = dirs.config.join("config.toml");
        let mut tables = Vec::new();
        for file in [user_file.as_path(), Path::new(SYSTEM_FILE)] {
            if let Some(table) = read(file)? {
                tables.push((file.display().to_string(), table));
            }
        }
        Ok(Self { tables, user_file })
    }

    /// Puts the chosen profile on top: `profile`, else `KT_PROFILE`, else the
    /// files' `default_profile`.
    ///
    /// # Errors
    /// Class `settings` when there is no such profile.
    pub(crate) fn with_profile(
        mut self,
        env: &Environment,
        profile: Option<&str>,
    ) -> Result<Self, Error> {
        let named = profile.or_else(|| env.var(environment::PROFILE));
        let default = lookup_in(&self.tables, "default_profile");
        if let Some(name) = named.or(default.as_deref()) {
            let found = self.tables.iter().find_map(|(file, table)| {
                let profile = table.get("profile")?.get(name)?.as_table()?;
                Some((format!("profile {name} in {file}"), profile.clone()))
            });
            let found = found.ok_or_else(|| {
                Error::new(
                    Class::Settings,
                    "unknown-profile",
                    format!("there is no profile `{name}`"),
                )
                .hint(format!(
                    "add `[profile.{name}]` to `{}`",
                    self.user_file.display()
                ))
            })?;
            self.tables.insert(0, found);
        }
        Ok(self)
    }

    /// The strongest value of a dotted key, with its origin.
    pub(crate) fn get(&self, key: &str) -> Option<(&Value, &str)> {
        self.tables
            .iter()
            .find_map(|(origin, table)| Some((at(table, key)?, origin.as_str())))
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

    /// The text values of a table.
    pub(crate) fn map(&self, key: &str) -> std::collections::BTreeMap<String, String> {
        let found = self.get(key).and_then(|(v, _)| v.as_table());
        found
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
            .collect()
    }
}

fn lookup_in(tables: &[(String, Table)], key: &str) -> Option<String> {
    tables
        .iter()
        .find_map(|(_, t)| t.get(key)?.as_str().map(str::to_owned))
}

fn at<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let mut words = key.split('.');
    let first = table.get(words.next()?)?;
    words.try_fold(first, |value, word| value.get(word))
}

fn read(file: &Path) -> Result<Option<Table>, Error> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => {
            return Err(Error::new(
                Class::Settings,
                "unreadable-settings",
                format!("cannot read `{}`", file.display()),
            )
            .cause(e));
        }
    };
    toml::from_str(&text).map(Some).map_err(|e| {
        let (line, column) = e
            .span()
            .map_or((1, 1), |span| crate::discovery::place(&text, span.start));
        Error::new(
            Class::Settings,
            "bad-settings",
            format!("`{}` is not valid TOML", file.display()),
        )
        .cause(e.message())
        .at(file.display().to_string(), line, column)
    })
}
