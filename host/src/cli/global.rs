//! Options that every command has.

use crate::environment::{self, Environment};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;
use std::path::PathBuf;

/// When colours are used.
const COLORS: [&str; 3] = ["auto", "always", "never"];

/// How results are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// For people with wide terminals.
    Wide,
    /// One JSON value.
    Json,
    /// One YAML document.
    Yaml,
    /// Names, a line each.
    Name,
}

impl Format {
    /// Every format with its word.
    const WORDS: [(&'static str, Self); 5] = [
        ("table", Self::Table),
        ("wide", Self::Wide),
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("name", Self::Name),
    ];

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(w, _)| *w == word)
            .map(|(_, f)| *f)
    }

    pub(crate) fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, f)| *f == self)
            .map_or("table", |(w, _)| w)
    }
}

/// The values of the global options.
#[derive(Debug, Clone, Default)]
pub(crate) struct Global {
    pub(crate) format: Format,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
    pub(crate) color: Option<String>,
    pub(crate) no_input: bool,
    pub(crate) yes: bool,
    pub(crate) no_headers: bool,
    pub(crate) profile: Option<String>,
}

/// Names that no argument of a plugin may have. Those of `--timeout` and `--dry-run` are not
/// among them: a plugin may give these another meaning.
pub(crate) const NAMES: [&str; 13] = [
    "output",
    "json",
    "no-headers",
    "quiet",
    "verbose",
    "color",
    "yes",
    "no-input",
    "profile",
    "plugin-dir",
    "supervised",
    "park-exit",
    "help",
];

/// Adds the global options to the root.
pub(crate) fn define(root: Command) -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .help(help)
            .global(true)
            .action(ArgAction::SetTrue)
    };
    let formats: Vec<&str> = Format::WORDS.iter().map(|(w, _)| *w).collect();
    let args = [
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FORMAT")
            .help("How to show the result: table, wide, json, yaml or name")
            .hide_possible_values(true)
            .value_parser(formats)
            .global(true),
        flag("json", "The same as `-o json`").conflicts_with("output"),
        flag("no-headers", "Leave out the headers of tables"),
        flag("quiet", "Only data and errors").short('q'),
        Arg::new("verbose")
            .short('v')
            .long("verbose")
            .help("Say more; up to three times")
            .global(true)
            .action(ArgAction::Count),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .help("When to use colours: auto, always or never")
            .hide_possible_values(true)
            .value_parser(COLORS)
            .global(true),
        flag("yes", "Answer questions with yes").short('y'),
        flag("no-input", "Never ask; fail and name the option instead"),
        Arg::new("profile")
            .long("profile")
            .value_name("NAME")
            .help("The profile of settings")
            .global(true),
        Arg::new("plugin-dir")
            .long("plugin-dir")
            .value_name("DIR")
            .help("Search this directory for plugins first")
            .action(ArgAction::Append)
            .value_parser(clap::value_parser!(PathBuf))
            .global(true),
    ];
    let heading = "Global options";
    let root = args.into_iter().fold(root, |root, arg| {
        root.arg(arg.help_heading(heading).hide_short_help(true))
    });
    // For service managers' files, not for people; read by `early_option`.
    let hidden = |name: &'static str| Arg::new(name).long(name).global(true).hide(true);
    root.arg(hidden("supervised").value_parser(clap::value_parser!(PathBuf)))
        .arg(hidden("park-exit").value_parser(clap::value_parser!(u8)))
}

impl Global {
    /// Reads the options, with the environment behind them.
    ///
    /// # Errors
    /// A sentence about a variable with a wrong value.
    pub(crate) fn read(matches: &ArgMatches, env: &Environment) -> Result<Self, String> {
        let on = |name: &str| matches.get_flag(name);
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        let format = match (on("json"), text("output"), env.var(environment::OUTPUT)) {
            (true, ..) => Format::Json,
            (_, Some(word), _) => Format::from_word(&word).unwrap_or_default(),
            (_, None, Some(word)) => Format::from_word(word).ok_or_else(|| {
                format!(
                    "`{}` is `{word}`: use table, wide, json, yaml or name",
                    environment::OUTPUT
                )
            })?,
            _ => Format::Table,
        };
        Ok(Self {
            format,
            quiet: on("quiet"),
            verbose: matches.get_count("verbose"),
            color: match text("color") {
                Some(color) => Some(color),
                None => color_variable(env)?,
            },
            no_input: on("no-input") || env.switch(environment::NO_INPUT),
            yes: on("yes"),
            no_headers: on("no-headers"),
            profile: text("profile"),
        })
    }
}

fn color_variable(env: &Environment) -> Result<Option<String>, String> {
    match env.var(environment::COLOR) {
        Some(word) if !COLORS.contains(&word) => Err(format!(
            "`{}` is `{word}`: use auto, always or never",
            environment::COLOR
        )),
        word => Ok(word.map(str::to_owned)),
    }
}

/// `--plugin-dir` before there is a tree to parse with: it decides the tree.
pub(crate) fn plugin_dirs(env: &Environment) -> Vec<PathBuf> {
    spelled(env, "--plugin-dir").map(PathBuf::from).collect()
}

/// The value of an option that matters before there is a tree to parse with.
pub(crate) fn early_option(env: &Environment, name: &'static str) -> Option<OsString> {
    spelled(env, name).next()
}

/// Every value that is spelled for an option, as `--name VALUE` or
/// `--name=VALUE`.
fn spelled(env: &Environment, name: &'static str) -> impl Iterator<Item = OsString> {
    let mut args = env.args.iter().skip(1).take_while(|arg| *arg != "--");
    std::iter::from_fn(move || {
        loop {
            let arg = args.next()?;
            if arg == name {
                return args.next().cloned();
            }
            let value = arg
                .to_str()
                .and_then(|text| text.strip_prefix(name))
                .and_then(|rest| rest.strip_prefix('='));
            if let Some(value) = value {
                return Some(value.into());
            }
        }
    })
}

/// Whether errors are to be JSON, before the arguments could be parsed.
pub(crate) fn wants_json(env: &Environment) -> bool {
    let args: Vec<&str> = env.args.iter().filter_map(|a| a.to_str()).collect();
    let spelled = args
        .iter()
        .any(|a| matches!(*a, "--json" | "-ojson" | "-o=json" | "--output=json"));
    let apart = args
        .windows(2)
        .any(|w| matches!(w, ["-o" | "--output", "json"]));
    spelled || apart || env.var(environment::OUTPUT) == Some("json")
}

#[cfg(test)]
mod tests {
    use super::{NAMES, define};

    #[test]
    fn every_global_option_is_closed_to_plugins() {
        let root = define(clap::Command::new("kt"));
        for arg in root.get_arguments() {
            assert!(NAMES.contains(&arg.get_id().as_str()), "{}", arg.get_id());
        }
    }
}
