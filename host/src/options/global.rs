//! Definition of the global options, and their values.

use super::format::{OutputFormat, OutputParser};
use crate::environment::{self, Environment};
use crate::selection::Selection;
use crate::value_source::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use std::path::PathBuf;

const COLORS: [&str; 3] = ["auto", "always", "never"];

/// The options that the help of subcommands names.
const NAMED_IN_SUMMARY: [&str; 6] = ["output", "json", "quiet", "verbose", "yes", "profile"];

/// The values of the global options.
#[derive(Debug, Clone, Default)]
pub(crate) struct GlobalOptions {
    pub(crate) format: OutputFormat,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
    pub(crate) color: Option<String>,
    pub(crate) no_input: bool,
    pub(crate) yes: bool,
    pub(crate) no_headers: bool,
    pub(crate) no_pager: bool,
    /// What is printed of a result; the format is then that for programs.
    pub(crate) selection: Option<Selection>,
    pub(crate) profile: Option<String>,
    pub(crate) isolate: bool,
}

/// Adds the global options to the root command. Generated help omits them: the
/// help of the root command has a section of its own for them, and the help of
/// subcommands refers to it.
pub(crate) fn add_to(root: Command) -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .help(help)
            .action(ArgAction::SetTrue)
    };
    let args = [
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FORMAT")
            .help("Format: table, wide, json, yaml, name, jsonpath=PATH, custom-columns=SPEC")
            .hide_possible_values(true)
            .value_parser(OutputParser),
        flag("json", "Same as `-o json`").conflicts_with("output"),
        flag("no-headers", "Omit the headers of tables"),
        flag("no-pager", "Print long results directly, without a pager"),
        flag("quiet", "Print only data and errors").short('q'),
        Arg::new("verbose")
            .short('v')
            .long("verbose")
            .help("Increase the log level; may be repeated up to three times")
            .action(ArgAction::Count),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .help("When to use colors: auto, always or never")
            .hide_possible_values(true)
            .value_parser(COLORS),
        flag("yes", "Answer yes to every confirmation").short('y'),
        flag("no-input", "Never prompt; fail if input is required"),
        Arg::new("profile")
            .long("profile")
            .value_name("NAME")
            .help("Settings profile to use")
            .add(ValueSource::Profiles.completer()),
        Arg::new("plugin-dir")
            .long("plugin-dir")
            .value_name("DIR")
            .help("Search this directory for plugins first; may be repeated")
            .action(ArgAction::Append)
            .value_hint(ValueHint::DirPath)
            .value_parser(clap::value_parser!(PathBuf)),
        flag(
            "only-bundled",
            "Ignore every plugin that is not part of the installation",
        ),
        flag("no-plugins", "Ignore every plugin").conflicts_with("only-bundled"),
        flag(
            "isolate",
            "Run the libraries of plugins in processes of their own",
        ),
    ];
    let root = args.into_iter().fold(root, |root, arg| {
        let arg = arg.global(true);
        root.arg(arg.hide_short_help(true).hide_long_help(true))
    });
    // For the files of service managers, not for users; read by `early_value`.
    let hidden = |name: &'static str| Arg::new(name).long(name).global(true).hide(true);
    root.arg(hidden("supervised").value_parser(clap::value_parser!(PathBuf)))
        .arg(hidden("park-exit").value_parser(clap::value_parser!(u8)))
}

/// Returns the line about global options for the help of subcommands.
pub(crate) fn summary() -> String {
    let names = NAMED_IN_SUMMARY.map(|name| format!("--{name}")).join(", ");
    format!("Global options: {names}, …; see `kt --help`")
}

impl GlobalOptions {
    /// Reads the options, with the environment as the fallback.
    ///
    /// # Errors
    /// A message about a variable with an invalid value.
    pub(crate) fn read(matches: &ArgMatches, env: &Environment) -> Result<Self, String> {
        let on = |name: &str| matches.get_flag(name);
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        let output = if on("json") {
            None
        } else {
            let option = text("output");
            option.or_else(|| env.var(environment::OUTPUT).map(str::to_owned))
        };
        let selection = output
            .as_deref()
            .map(Selection::parse)
            .transpose()?
            .flatten();
        let format = match (output, &selection) {
            (_, Some(_)) => OutputFormat::Json,
            (Some(name), None) => OutputFormat::from_name(&name).ok_or_else(|| {
                format!(
                    "`{}` is `{name}`: expected table, wide, json, yaml, name, jsonpath=PATH or custom-columns=SPEC",
                    environment::OUTPUT
                )
            })?,
            (None, None) if on("json") => OutputFormat::Json,
            (None, None) => OutputFormat::Table,
        };
        Ok(Self {
            format,
            quiet: on("quiet"),
            verbose: matches.get_count("verbose"),
            color: match text("color") {
                Some(color) => Some(color),
                None => color_variable(env)?,
            },
            no_input: on("no-input") || env.is_enabled(environment::NO_INPUT),
            yes: on("yes"),
            no_headers: on("no-headers"),
            no_pager: on("no-pager"),
            selection,
            profile: text("profile"),
            isolate: on("isolate"),
        })
    }
}

fn color_variable(env: &Environment) -> Result<Option<String>, String> {
    match env.var(environment::COLOR) {
        Some(value) if !COLORS.contains(&value) => Err(format!(
            "`{}` is `{value}`: expected auto, always or never",
            environment::COLOR
        )),
        value => Ok(value.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RESERVED_NAMES;
    use super::{add_to, summary};

    #[test]
    fn the_name_of_every_global_option_is_reserved() {
        let root = add_to(clap::Command::new("kt"));
        for arg in root.get_arguments() {
            let name = arg.get_id().as_str();
            assert!(RESERVED_NAMES.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_summary_is_one_line_and_names_existing_options() {
        let root = add_to(clap::Command::new("kt"));
        let summary = summary();
        assert!(summary.chars().count() <= 100, "{summary}");
        for name in summary
            .split("--")
            .skip(1)
            .filter_map(|s| s.split([',', '`']).next())
        {
            let known = root.get_arguments().any(|arg| arg.get_long() == Some(name));
            assert!(known || name == "help", "{name}");
        }
    }
}
