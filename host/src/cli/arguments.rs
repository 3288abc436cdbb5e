//! Converts parsed arguments to the typed JSON that plugins receive.

use super::plugins::{is_required, positional_id, setting_id, value_name};
use clap::ArgMatches;
use clap::parser::ValueSource;
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
    /// The error for a required argument that is missing.
    pub(crate) missing: Option<Error>,
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
/// Class `usage` for a path that is not valid Unicode, and for an option and a positional
/// argument that contradict each other.
pub(crate) fn parse_arguments(
    spec: &CommandSpec,
    settings: &[SettingSpec],
    matches: &ArgMatches,
) -> Result<ParsedArguments, Error> {
    let (args, missing) = merged(spec, matches)?;
    let mut parsed = ParsedArguments {
        args: Args(args),
        missing,
        ..ParsedArguments::default()
    };
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

/// Returns the arguments, with the values of positional ones in their options, and the error
/// if a required one is missing.
fn merged(
    spec: &CommandSpec,
    matches: &ArgMatches,
) -> Result<(Map<String, Value>, Option<Error>), Error> {
    let mut positional = Map::new();
    for arg in spec.args.iter().filter(|arg| arg.positional) {
        if let Some(value) = value_of(arg, &positional_id(&arg.name), matches)? {
            positional.insert(arg.name.clone(), value);
        }
    }
    assign_number(spec, &mut positional);
    let mut args = Map::new();
    let mut required = None;
    for arg in &spec.args {
        let named = value_of(arg, &arg.name, matches)?;
        let value = match positional.remove(&arg.name) {
            None => named,
            Some(value) => {
                let typed = matches.value_source(&arg.name) == Some(ValueSource::CommandLine);
                Some(combine(arg, named.filter(|_| typed), value)?)
            }
        };
        match value {
            Some(value) => drop(args.insert(arg.name.clone(), value)),
            None if arg.positional && is_required(arg) => required = Some(missing(arg)),
            None => {}
        }
    }
    Ok((args, required))
}

/// Moves a single number to the integer that follows the text before it: what the text
/// names may be omitted.
fn assign_number(spec: &CommandSpec, positional: &mut Map<String, Value>) {
    let mut declared = spec.args.iter().filter(|arg| arg.positional);
    let (Some(first), Some(second)) = (declared.next(), declared.next()) else {
        return;
    };
    let is_integer = second.kind == ArgType::Integer && first.kind == ArgType::String;
    let only = positional.len() == 1 && !second.repeatable;
    let number = positional.get(&first.name).and_then(Value::as_str);
    let number = number.and_then(|text| text.parse::<i64>().ok());
    if let Some(number) = number.filter(|_| is_integer && only) {
        positional.remove(&first.name);
        positional.insert(second.name.clone(), number.into());
    }
}

/// Combines the value of an option with that of the positional argument.
fn combine(arg: &ArgSpec, named: Option<Value>, positional: Value) -> Result<Value, Error> {
    match (named, positional) {
        (None, positional) => Ok(positional),
        (Some(Value::Array(mut all)), Value::Array(more)) => {
            for value in more {
                if !all.contains(&value) {
                    all.push(value);
                }
            }
            Ok(Value::Array(all))
        }
        (Some(named), positional) if named == positional => Ok(positional),
        (Some(named), positional) => {
            let option = arg.long.as_deref().unwrap_or(&arg.name);
            let text = |value: &Value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            };
            let message = format!(
                "the argument `{}` and `--{option} {}` contradict each other",
                text(&positional),
                text(&named)
            );
            Err(Error::new(Class::Usage, "invalid-arguments", message).hint("pass one of them"))
        }
    }
}

fn missing(arg: &ArgSpec) -> Error {
    let name = value_name(arg);
    let message = format!("the required argument {name} was not provided");
    let error = Error::new(Class::Usage, "invalid-arguments", message);
    match &arg.long {
        Some(long) => error.hint(format!("pass it last, or with `--{long} {name}`")),
        None => error,
    }
}

/// Returns the value with this id, which is that of the option or of the positional
/// argument.
fn value_of(arg: &ArgSpec, name: &str, matches: &ArgMatches) -> Result<Option<Value>, Error> {
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
