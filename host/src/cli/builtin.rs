//! The built-in commands; they are about kt, never about what plugins do.

use super::plugin_commands;
use clap::builder::{EnumValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, Command};
use clap_complete::Shell;
use std::path::PathBuf;

/// The heading of the built-in commands in help.
const HEADING: &str = "Plugins and settings";

const TEST_HELP: &str = "\
Test a plugin, for its author

Loads the plugin, tests its commands as users run them, and runs the conformance tests of \
its interfaces. Commands that change state or have required arguments are run by the \
cases in `plugin-test.toml` beside its manifest, which may also have texts for a guard. For a \
service backend, the tests install, \
crash, park, modify and remove services of their own, with names and directories created \
for the test, under the service manager that runs here.";

const NEW_HELP: &str = "\
Write the source of a new plugin, for its author

Creates a directory with a plugin that builds and passes `kt plugin test`: a command, a \
complete guard for gateways, which knows a list of words, or a complete backend for a service \
manager, to be changed for another one. It has tests, a README and a license. An existing \
directory is never changed.";

const SET_HELP: &str = "\
Examples:
  # Use a server by default
  kt config set api.url https://control.example
  # Load plugins in processes of their own
  kt config set plugins.isolate first second

Change a setting in the settings file of the user

Comments and the form of the file are kept. A key that nothing reads is an error.";

const EDIT_HELP: &str = "\
Examples:
  # Edit the file with nano
  EDITOR=nano kt config edit

Edit the settings file of the user

Opens a copy in `VISUAL`, else `EDITOR`, else vi, and replaces the file if the copy is valid.";

const COMPLETION_HELP: &str = "\
Examples:
  # bash, in ~/.bashrc
  source <(kt completion bash)
  # zsh, in ~/.zshrc after compinit
  source <(kt completion zsh)
  # fish, in ~/.config/fish/config.fish
  kt completion fish | source
  # PowerShell, in $PROFILE
  kt completion powershell | Out-String | Invoke-Expression

Print the completion script for a shell

With the script, the shell completes commands, options, and values such as the names of \
gateways, which plugins look up in the control plane; what is not known within a second is not \
offered. The script runs kt from PATH; load it anew after an upgrade of kt, as the lines above \
do. Archives contain the scripts in `share`, where shells find them. `KT_COMPLETE=json kt -- kt WORD...` completes the last word, and prints why values \
are missing.";

/// A built-in command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuiltinCommand {
    PluginInstall,
    PluginUpdate,
    PluginLink,
    PluginRemove,
    PluginEnable,
    PluginDisable,
    PluginTrust,
    PluginInfo,
    PluginList,
    PluginVerify,
    PluginCheck,
    PluginNew,
    PluginTest,
    PluginCatalog,
    Version,
    Completion,
    Doctor,
    ConfigShow,
    ConfigSet,
    ConfigUnset,
    ConfigEdit,
    Reference,
}

/// A built-in command, or a group of them, and where it is listed.
pub(super) struct Definition<T> {
    pub(super) path: Vec<String>,
    pub(super) about: &'static str,
    /// Heading in the help of the parent command.
    pub(super) heading: Option<&'static str>,
    pub(super) item: T,
}

/// The path, the description and the identity of every built-in command.
const COMMANDS: [(&str, &str, BuiltinCommand); 22] = [
    (
        "plugin install",
        "Install a plugin for the current user",
        BuiltinCommand::PluginInstall,
    ),
    (
        "plugin update",
        "Install plugins again from where they were installed from",
        BuiltinCommand::PluginUpdate,
    ),
    (
        "plugin link",
        "Link the directory of a plugin, for its author",
        BuiltinCommand::PluginLink,
    ),
    (
        "plugin remove",
        "Remove an installed or linked plugin",
        BuiltinCommand::PluginRemove,
    ),
    (
        "plugin enable",
        "Use a plugin that is disabled or quarantined again",
        BuiltinCommand::PluginEnable,
    ),
    (
        "plugin disable",
        "Do not use a plugin until it is enabled",
        BuiltinCommand::PluginDisable,
    ),
    (
        "plugin trust",
        "Accept the current files of a plugin that changed",
        BuiltinCommand::PluginTrust,
    ),
    (
        "plugin info",
        "Show a plugin, its files and its state",
        BuiltinCommand::PluginInfo,
    ),
    (
        "plugin list",
        "List the plugins",
        BuiltinCommand::PluginList,
    ),
    (
        "plugin verify",
        "Run the checks of loading a plugin, and load it",
        BuiltinCommand::PluginVerify,
    ),
    (
        "plugin check",
        "Check a plugin in this process",
        BuiltinCommand::PluginCheck,
    ),
    (
        "plugin new",
        "Write the source of a new plugin, for its author",
        BuiltinCommand::PluginNew,
    ),
    (
        "plugin test",
        "Test a plugin, for its author",
        BuiltinCommand::PluginTest,
    ),
    (
        "plugin catalog",
        "Print the catalog of the available plugins",
        BuiltinCommand::PluginCatalog,
    ),
    (
        "version",
        "Show the versions of kt and its plugins",
        BuiltinCommand::Version,
    ),
    (
        "completion",
        "Print the completion script for a shell",
        BuiltinCommand::Completion,
    ),
    (
        "doctor",
        "Check the installation and its environment",
        BuiltinCommand::Doctor,
    ),
    (
        "config show",
        "Show every setting with its origin",
        BuiltinCommand::ConfigShow,
    ),
    (
        "config set",
        "Change a setting in the settings file of the user",
        BuiltinCommand::ConfigSet,
    ),
    (
        "config unset",
        "Remove a setting from the settings file of the user",
        BuiltinCommand::ConfigUnset,
    ),
    (
        "config edit",
        "Edit the settings file of the user",
        BuiltinCommand::ConfigEdit,
    ),
    (
        "reference",
        "Print the command reference",
        BuiltinCommand::Reference,
    ),
];

/// Returns every built-in command.
pub(super) fn commands() -> impl Iterator<Item = Definition<BuiltinCommand>> {
    COMMANDS.into_iter().map(|(words, about, item)| {
        let path = path(words);
        Definition {
            heading: (path.len() == 1).then_some(HEADING),
            path,
            about,
            item,
        }
    })
}

impl BuiltinCommand {
    /// Returns whether help omits the command.
    pub(super) fn is_hidden(self) -> bool {
        matches!(
            self,
            Self::PluginCheck | Self::PluginCatalog | Self::Reference
        )
    }

    /// Builds the command, with its arguments or only for lists.
    pub(super) fn command(self, name: &str, about: &'static str, with_args: bool) -> Command {
        let command = Command::new(name.to_owned())
            .about(about)
            .hide(self.is_hidden());
        if with_args {
            with_arguments(self, command)
        } else {
            command
        }
    }
}

fn with_arguments(builtin: BuiltinCommand, command: Command) -> Command {
    match builtin {
        BuiltinCommand::PluginInstall => plugin_commands::install(command),
        BuiltinCommand::PluginUpdate => plugin_commands::update(command),
        BuiltinCommand::PluginLink => plugin_commands::link(command),
        BuiltinCommand::PluginTrust => plugin_commands::trust(command),
        BuiltinCommand::PluginRemove
        | BuiltinCommand::PluginEnable
        | BuiltinCommand::PluginDisable => plugin_commands::several_named(command),
        BuiltinCommand::PluginInfo => plugin_commands::named(command),
        BuiltinCommand::PluginVerify => command.arg(
            Arg::new("name")
                .value_name("NAME")
                .help("Verify only this plugin"),
        ),
        // What `plugin verify`, `plugin test` and `doctor` run as a child.
        BuiltinCommand::PluginCheck => command
            .arg(
                Arg::new("dir")
                    .value_name("DIR")
                    .required(true)
                    .value_parser(clap::value_parser!(PathBuf)),
            )
            .arg(
                Arg::new("doctor")
                    .long("doctor")
                    .action(ArgAction::SetTrue),
            ),
        BuiltinCommand::PluginNew => with_new_arguments(command),
        BuiltinCommand::PluginTest => command
            .long_about(TEST_HELP)
            .arg(
                Arg::new("path")
                    .value_name("PATH")
                    .help("Directory of the plugin")
                    .required(true)
                    .value_parser(clap::value_parser!(PathBuf)),
            )
            .arg(
                Arg::new("junit")
                    .long("junit")
                    .value_name("FILE")
                    .help("Also write the results as JUnit XML")
                    .value_parser(clap::value_parser!(PathBuf)),
            )
            .arg(Arg::new("pretend-os").long("pretend-os").value_name("OS").help(
                "Test against a model of this operating system, with its programs first on PATH",
            )),
        BuiltinCommand::Version => command.arg(
            Arg::new("exit-codes")
                .long("exit-codes")
                .help("List the exit codes and their meanings")
                .action(ArgAction::SetTrue),
        ),
        BuiltinCommand::Completion => command.long_about(COMPLETION_HELP).arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("Shell to print the script for")
                .required(true)
                .value_parser(EnumValueParser::<Shell>::new()),
        ),
        BuiltinCommand::ConfigSet => command.long_about(SET_HELP).arg(setting_key()).arg(
            Arg::new("value")
                .value_name("VALUE")
                .help("Value of the setting; a list may have several")
                .num_args(1..)
                .required(true),
        ),
        BuiltinCommand::ConfigUnset => command.arg(setting_key()),
        BuiltinCommand::ConfigEdit => command.long_about(EDIT_HELP),
        BuiltinCommand::PluginCatalog
        | BuiltinCommand::Reference
        | BuiltinCommand::PluginList
        | BuiltinCommand::Doctor
        | BuiltinCommand::ConfigShow => command,
    }
}

fn setting_key() -> Arg {
    Arg::new("key")
        .value_name("KEY")
        .help("Key of the setting, such as `api.url`")
        .required(true)
}

fn with_new_arguments(command: Command) -> Command {
    let choice = |name: &'static str, values: &'static [&'static str]| {
        Arg::new(name)
            .long(name)
            .required(true)
            .value_parser(PossibleValuesParser::new(values))
    };
    command
        .long_about(NEW_HELP)
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .help("Name of the plugin, and of the directory that is created")
                .required(true),
        )
        .arg(choice("lang", &["rust", "c", "python"]).help("Language of the plugin"))
        .arg(
            choice("kind", &["command", "guard", "service"])
                .help("Whether it adds commands, a guard, or support for a service manager"),
        )
        .arg(
            Arg::new("sdk")
                .long("sdk")
                .value_name("PATH")
                .help("Directory of the crate kt-plugin-api, instead of the published one")
                .value_parser(clap::value_parser!(PathBuf)),
        )
}

/// Returns the groups of the built-in commands.
pub(super) fn groups() -> impl Iterator<Item = Definition<()>> {
    [
        ("plugin", "Manage plugins"),
        ("config", "Show and change the settings of kt"),
    ]
    .into_iter()
    .map(|(words, about)| Definition {
        path: path(words),
        about,
        heading: Some(HEADING),
        item: (),
    })
}

fn path(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}
