//! Converts parsed arguments to the typed JSON that plugins receive.

use super::plugins::setting_id;
use clap::ArgMatches;
use kt_plugin_api::manifest::{ArgSpec, ArgType, CommandSpec, SettingSpec};
use kt_plugin_api::{Args, Class, Error};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The arguments of a plugin's command.
#[derive(Debug, Default)]
pub(crate) struct ParsedArguments {
    /// Typed arguments.
    pub(crate) args: Args,
    /// Settings that were set by options, by key.
    pub(crate) settings: BTreeMap<String, String>,
    /// `--timeout`, in milliseconds.
    pub(crate) timeout: Option<u64>,
    /// `--dry-run`.
    pub(crate) dry_run: bool,
}

/// Converts the arguments of a plugin's command.
///
/// # Errors
/// Class `usage` for a path that is not valid Unicode.
pub(crate) fn parse_arguments(
    spec: &CommandSpec,
    settings: &[SettingSpec],
    matches: &ArgMatches,
) -> Result<ParsedArguments, Error> {
    let mut parsed = ParsedArguments::default();
    let mut args = Map::new();
    for arg in &spec.args {
        if let Some(value) = value_of(arg, matches)? {
            args.insert(arg.name.clone(), value);
        }
    }
    parsed.args = Args(args);
    for setting in settings {
        let id = setting_id(&setting.key);
        if let Ok(Some(value)) = matches.try_get_one::<String>(&id) {
            parsed.settings.insert(setting.key.clone(), value.clone());
        }
    }
    parsed.timeout = matches
        .try_get_one::<u64>("kt:timeout")
        .ok()
        .flatten()
        .copied();
    parsed.dry_run = matches
        .try_get_one::<bool>("kt:dry-run")
        .ok()
        .flatten()
        .copied()
        .unwrap_or(false);
    Ok(parsed)
}

fn value_of(arg: &ArgSpec, matches: &ArgMatches) -> Result<Option<Value>, Error> {
    let name = arg.name.as_str();
    let values: Vec<Value> = match arg.kind {
        ArgType::Boolean => {
            return Ok(matches.get_flag(name).then_some(Value::Bool(true)));
        }
        ArgType::Integer => all::<i64>(matches, name).map(|v| Value::from(*v)).collect(),
        ArgType::Duration => all::<u64>(matches, name).map(|v| Value::from(*v)).collect(),
        ArgType::Path => all::<PathBuf>(matches, name)
            .map(|p| path(name, p))
            .collect::<Result<_, _>>()?,
        ArgType::String | ArgType::Enum => all::<String>(matches, name)
            .map(|v| Value::from(v.as_str()))
            .collect(),
    };
    Ok(if arg.repeatable {
        (!values.is_empty()).then_some(Value::Array(values))
    } else {
        values.into_iter().next()
    })
}

fn all<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    name: &str,
) -> impl Iterator<Item = &'a T> {
    matches.get_many::<T>(name).into_iter().flatten()
}

fn path(name: &str, path: &std::path::Path) -> Result<Value, Error> {
    path.to_str().map(Value::from).ok_or_else(|| {
        let message = format!(
            "the path of `{name}` is not valid Unicode: `{}`",
            path.display()
        );
        Error::new(Class::Usage, "path-not-unicode", message)
    })
}
