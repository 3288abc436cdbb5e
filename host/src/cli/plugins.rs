//! Builds `clap` commands from the commands of plugins.

use super::duration;
use crate::discovery::CommandSummary;
use crate::value_source::ValueSource;
use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, Command, ValueHint};
use kt_plugin_api::manifest::{ArgSpec, ArgType, CommandSpec, SettingSpec};
use std::path::PathBuf;

/// The id of the option for a setting, distinct from the command's own ids.
pub(super) fn setting_id(key: &str) -> String {
    format!("setting:{key}")
}

/// The id of the positional argument with the meaning of an option.
pub(super) fn positional_id(name: &str) -> String {
    format!("positional:{name}")
}

/// Builds a plugin's command without its arguments, for lists.
pub(super) fn without_arguments(name: &str, summary: &CommandSummary) -> Command {
    Command::new(name.to_owned())
        .about(summary.about.clone())
        .hide(summary.hidden)
}

/// Adds the arguments and the help of a plugin's command.
pub(super) fn with_arguments(
    command: Command,
    spec: &CommandSpec,
    settings: &[SettingSpec],
) -> Command {
    let mut command = command.long_about(long_about(spec));
    for arg in &spec.args {
        command = command.arg(argument(arg, spec));
        if arg.positional {
            command = command.arg(positional(arg, spec));
        }
    }
    for setting in settings {
        if let Some(flag) = free_flag(setting, spec) {
            command = command.arg(
                Arg::new(setting_id(&setting.key))
                    .long(flag.to_owned())
                    .value_name("VALUE")
                    .help(setting.about.clone())
                    .help_heading("Settings"),
            );
        }
    }
    with_common_options(command, spec)
}

fn free_flag<'a>(setting: &'a SettingSpec, spec: &CommandSpec) -> Option<&'a str> {
    let flag = setting.flag.as_deref().filter(|_| !setting.secret)?;
    (!spec.args.iter().any(|a| a.long.as_deref() == Some(flag))).then_some(flag)
}

/// Adds `--timeout`, except to long-running commands, and `--dry-run` where it is
/// supported.
fn with_common_options(mut command: Command, spec: &CommandSpec) -> Command {
    let free = |long: &str| !spec.args.iter().any(|a| a.long.as_deref() == Some(long));
    if !spec.long_running && free("timeout") {
        command = command.arg(
            Arg::new("kt:timeout")
                .long("timeout")
                .value_name("DURATION")
                .help("Fail if the command takes longer than this, such as 30s")
                .value_parser(duration::parse)
                .hide_short_help(true),
        );
    }
    if spec.dry_run && free("dry-run") {
        command = command.arg(
            Arg::new("kt:dry-run")
                .long("dry-run")
                .help("Print what would be done, and change nothing")
                .action(ArgAction::SetTrue),
        );
    }
    command
}

fn long_about(spec: &CommandSpec) -> String {
    let mut text = String::new();
    if !spec.examples.is_empty() {
        text.push_str("Examples:\n");
        for example in &spec.examples {
            text.push_str(&format!("  # {}\n  {}\n", example.about, example.command));
        }
        text.push('\n');
    }
    text.push_str(if spec.long_about.is_empty() {
        &spec.about
    } else {
        spec.long_about.trim_end()
    });
    if !spec.outcomes.is_empty() {
        text.push_str("\n\nExit codes:\n");
        for outcome in &spec.outcomes {
            text.push_str(&format!(
                "  {:>3}  {}: {}\n",
                outcome.code, outcome.name, outcome.about
            ));
        }
    }
    text.trim_end().to_owned()
}

fn argument(spec: &ArgSpec, command: &CommandSpec) -> Arg {
    let mut arg = Arg::new(spec.name.clone())
        .required(spec.required && spec.default.is_none() && !spec.positional)
        .hide(spec.hidden)
        .action(action(spec))
        .aliases(spec.aliases.clone());
    arg = if spec.positional {
        let about = format!("Same as the argument {}", value_name(spec));
        arg.help(about).hide_short_help(true)
    } else {
        arg.help(spec.about.clone())
    };
    if let Some(long) = &spec.long {
        arg = arg.long(long.clone());
    }
    if let Some(short) = spec.short {
        arg = arg.short(short);
    }
    if let Some(default) = &spec.default {
        arg = arg.default_value(default.clone());
    }
    if let Some(env) = &spec.env {
        arg = arg.env(env.clone()).hide_env_values(true);
    }
    if spec.kind != ArgType::Boolean {
        arg = with_value(arg, spec);
    }
    if let Some(missing) = &spec.default_missing {
        arg = arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value(missing.clone());
    }
    conflicting(arg, spec, command)
}

/// Builds the positional argument that has the same meaning as the option.
fn positional(spec: &ArgSpec, command: &CommandSpec) -> Arg {
    let mut about = spec.about.clone();
    if let Some(default) = &spec.default {
        about.push_str(&format!("; {default} by default"));
    }
    let mut arg = Arg::new(positional_id(&spec.name))
        .help(about)
        .hide(spec.hidden)
        .action(action(spec));
    if spec.repeatable {
        arg = arg.num_args(0..);
    }
    // With several of them, which one is missing is known only when a number is assigned.
    if is_required(spec) && command.args.iter().filter(|arg| arg.positional).count() == 1 {
        arg = arg.required_unless_present(spec.name.clone());
    }
    conflicting(with_value(arg, spec), spec, command)
}

/// Returns whether a command fails without the argument.
pub(super) fn is_required(spec: &ArgSpec) -> bool {
    spec.required && spec.default.is_none()
}

fn with_value(arg: Arg, spec: &ArgSpec) -> Arg {
    let mut arg = arg.value_name(value_name(spec)).value_parser(parser(spec));
    if spec.dynamic {
        arg = arg.add(ValueSource::Argument(spec.name.clone()).completer());
    }
    if spec.kind == ArgType::Path {
        arg = arg.value_hint(ValueHint::AnyPath);
    }
    arg
}

fn conflicting(arg: Arg, spec: &ArgSpec, command: &CommandSpec) -> Arg {
    let declared = command
        .args
        .iter()
        .filter(|other| spec.conflicts.contains(&other.name));
    declared.fold(arg, |arg, other| {
        let arg = arg.conflicts_with(other.name.clone());
        if other.positional {
            arg.conflicts_with(positional_id(&other.name))
        } else {
            arg
        }
    })
}

fn action(spec: &ArgSpec) -> ArgAction {
    match (spec.kind, spec.repeatable) {
        (ArgType::Boolean, _) => ArgAction::SetTrue,
        (_, true) => ArgAction::Append,
        (_, false) => ArgAction::Set,
    }
}

/// Returns the placeholder of the value in help.
pub(super) fn value_name(spec: &ArgSpec) -> String {
    if let Some(name) = &spec.value_name {
        return name.clone();
    }
    match spec.kind {
        ArgType::Path => "PATH".to_owned(),
        ArgType::Integer => "N".to_owned(),
        ArgType::Duration => "DURATION".to_owned(),
        _ => spec.name.to_ascii_uppercase(),
    }
}

fn parser(spec: &ArgSpec) -> ValueParser {
    match spec.kind {
        ArgType::Integer => clap::value_parser!(i64).into(),
        ArgType::Path => clap::value_parser!(PathBuf),
        ArgType::Duration => ValueParser::new(duration::parse),
        ArgType::Enum => PossibleValuesParser::new(spec.values.clone()).into(),
        ArgType::String | ArgType::Boolean => ValueParser::string(),
    }
}
