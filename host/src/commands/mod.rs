//! The host's own commands; they are about kt, never about what plugins do.

#![forbid(unsafe_code)]

mod completion;
mod config_show;
mod doctor;
mod doctor_checks;
mod plugin_list;
mod plugin_test;
mod plugin_verify;
mod reference;
mod version;

use crate::discovery::{Registry, SearchDir};
use crate::environment::Environment;
use crate::render::Terminal;
use crate::services::Providers;
use crate::settings::Layers;
use clap::{Arg, ArgMatches, Command};
use kt_plugin_api::{Dirs, Error, Output};
use std::path::PathBuf;

/// A pointer at the end of the root's help.
pub(crate) const EXIT_CODES_HINT: &str =
    "Run `kt COMMAND --help` for examples; exit codes are listed by `kt version --exit-codes`.";

const TEST_HELP: &str = "\
Loads the plugin and has whoever knows its interfaces test it. A service backend \
installs, crashes, parks, edits and removes services of its own, with names and \
directories made for the test, under the service manager that runs here.";

/// A command of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostCommand {
    PluginList,
    PluginVerify,
    PluginTest,
    PluginCatalog,
    Version,
    Completion,
    Doctor,
    ConfigShow,
    Reference,
}

/// What the host's commands work on.
pub(crate) struct HostState<'a> {
    pub(crate) env: &'a Environment,
    pub(crate) dirs: &'a Dirs,
    pub(crate) search: &'a [SearchDir],
    pub(crate) registry: &'a Registry,
    pub(crate) providers: &'a Providers<'a>,
    /// The settings, or why they cannot be read.
    pub(crate) layers: &'a Result<Layers, Error>,
    pub(crate) terminal: &'a Terminal,
}

fn path(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

/// Every command of the host with its path.
pub(crate) fn definitions() -> Vec<(Vec<String>, Command, HostCommand)> {
    let command = |words: &str, about: &'static str| {
        Command::new(words.rsplit(' ').next().unwrap_or_default().to_owned()).about(about)
    };
    let name = Arg::new("name").value_name("NAME").help("Only this plugin");
    let exit_codes = Arg::new("exit-codes")
        .long("exit-codes")
        .help("List the exit codes and what they mean")
        .action(clap::ArgAction::SetTrue);
    let path_of_plugin = Arg::new("path")
        .value_name("PATH")
        .help("The plugin's folder")
        .required(true)
        .value_parser(clap::value_parser!(PathBuf));
    let pretend = Arg::new("pretend-os")
        .long("pretend-os")
        .value_name("OS")
        .help("Test against a model of this operating system, whose programs come first on PATH");
    let all: [(&str, Command, HostCommand); 9] = [
        (
            "plugin list",
            command("plugin list", "List the plugins that were found"),
            HostCommand::PluginList,
        ),
        (
            "plugin verify",
            command(
                "plugin verify",
                "Check plugins as loading would, and load them",
            )
            .arg(name),
            HostCommand::PluginVerify,
        ),
        (
            "plugin test",
            command("plugin test", "Test what a plugin does, for its author")
                .after_long_help(TEST_HELP)
                .arg(path_of_plugin)
                .arg(pretend),
            HostCommand::PluginTest,
        ),
        (
            "plugin catalog",
            command("plugin catalog", "Write the catalog of the found plugins").hide(true),
            HostCommand::PluginCatalog,
        ),
        (
            "version",
            command("version", "Show the version of kt and its plugins").arg(exit_codes),
            HostCommand::Version,
        ),
        (
            "completion",
            command("completion", "Write the completion script of a shell")
                .arg(completion::shell_arg()),
            HostCommand::Completion,
        ),
        (
            "doctor",
            command("doctor", "Check that kt can work here"),
            HostCommand::Doctor,
        ),
        (
            "config show",
            command("config show", "Show every setting with its origin"),
            HostCommand::ConfigShow,
        ),
        (
            "reference",
            command("reference", "Write the command reference").hide(true),
            HostCommand::Reference,
        ),
    ];
    all.into_iter()
        .map(|(words, command, host)| (path(words), command, host))
        .collect()
}

/// The groups of the host's commands.
pub(crate) fn groups() -> Vec<(Vec<String>, String)> {
    [
        ("plugin", "Look after plugins"),
        ("config", "Look at kt's own settings"),
    ]
    .into_iter()
    .map(|(words, about)| (path(words), about.to_owned()))
    .collect()
}

/// Runs a command of the host.
///
/// # Errors
/// The command's own.
pub(crate) fn run(
    command: HostCommand,
    matches: &ArgMatches,
    state: &HostState<'_>,
) -> Result<Output, Error> {
    match command {
        HostCommand::PluginList => Ok(plugin_list::run(state)),
        HostCommand::PluginVerify => plugin_verify::run(matches, state),
        HostCommand::PluginTest => plugin_test::run(matches, state),
        HostCommand::PluginCatalog => plugin_list::catalog(state),
        HostCommand::Version => Ok(version::run(matches, state)),
        HostCommand::Completion => completion::run(matches, state),
        HostCommand::Doctor => Ok(doctor::run(state)),
        HostCommand::ConfigShow => config_show::run(state),
        HostCommand::Reference => Ok(reference::run(state)),
    }
}
