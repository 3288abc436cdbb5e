//! Options that are read before the command line can be parsed, because they
//! decide which commands there are, or how a parse error is reported.

use crate::environment::{self, Environment};
use std::ffi::OsString;

/// Returns the value of an option, if the arguments contain it.
pub(crate) fn early_value(env: &Environment, option: &'static str) -> Option<OsString> {
    early_values(env, option).next()
}

/// Returns every value of an option, written as `--name VALUE` or `--name=VALUE`.
pub(crate) fn early_values(
    env: &Environment,
    option: &'static str,
) -> impl Iterator<Item = OsString> {
    let mut args = env.args.iter().skip(1).take_while(|arg| *arg != "--");
    std::iter::from_fn(move || {
        loop {
            let arg = args.next()?;
            if arg == option {
                return args.next().cloned();
            }
            let value = arg
                .to_str()
                .and_then(|text| text.strip_prefix(option))
                .and_then(|rest| rest.strip_prefix('='));
            if let Some(value) = value {
                return Some(value.into());
            }
        }
    })
}

/// Returns whether the arguments contain a flag.
pub(crate) fn early_flag(env: &Environment, flag: &str) -> bool {
    let mut args = env.args.iter().skip(1).take_while(|arg| *arg != "--");
    args.any(|arg| arg == flag)
}

/// Returns whether the version of kt is all that is requested, for which no plugin matters.
pub(crate) fn only_version_requested(env: &Environment) -> bool {
    let args = env.args.get(1..).unwrap_or_default();
    matches!(args, [only] if only == "--version" || only == "-V")
}

/// Returns whether the arguments or the environment request JSON.
pub(crate) fn json_requested(env: &Environment) -> bool {
    let args: Vec<&str> = env.args.iter().filter_map(|a| a.to_str()).collect();
    let joined = args
        .iter()
        .any(|a| matches!(*a, "--json" | "-ojson" | "-o=json" | "--output=json"));
    let separate = args
        .windows(2)
        .any(|w| matches!(w, ["-o" | "--output", "json"]));
    joined || separate || env.var(environment::OUTPUT) == Some("json")
}
