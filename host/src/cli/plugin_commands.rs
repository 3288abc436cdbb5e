//! The arguments of the commands that manage plugins.

use crate::value_source::ValueSource;
use clap::{Arg, ArgAction, Command, ValueHint};
use std::path::PathBuf;

const INSTALL_HELP: &str = "\
Examples:
  # Install a plugin from its archive
  kt plugin install greeter-1.0.0.tar.gz
  # Install one whose publisher signs with minisign
  kt plugin install greeter-1.0.0.tar.gz --public-key greeter.pub

Install a plugin for the current user

PATH is a directory with a `plugin.toml` and a library, a library with an embedded
manifest, or a .tar.gz archive of such a directory. Only the manifest, the library and
files such as LICENSE and README are installed. The hashes are written to `plugins.lock`,
and a plugin whose files change afterwards is not loaded. The first public key of a plugin
is required for all later versions. Nothing is downloaded.";

const UPDATE_HELP: &str = "\
Install plugins again from where they were installed from

Without NAME, updates every plugin that `kt plugin install` installed.";

const TRUST_HELP: &str = "\
Accept the current files of a plugin that changed

Writes the hashes of its files to `plugins.lock`. A plugin that was installed with a
public key keeps it, for later updates.";

const LINK_HELP: &str = "\
Link the directory of a plugin, for its author

The plugin is used from its directory, so each build takes effect at once. Its files are
not checked against a hash, which is reported whenever it is used.";

/// `plugin install`.
pub(super) fn install(command: Command) -> Command {
    command
        .long_about(INSTALL_HELP)
        .arg(path("Directory, library or archive of the plugin"))
        .arg(force(
            "Replace an installed plugin, and ignore conflicts with others",
        ))
        .arg(
            Arg::new("sha256")
                .long("sha256")
                .value_name("HEX")
                .help("Fail unless the library or the archive has this SHA-256"),
        )
        .arg(
            Arg::new("public-key")
                .long("public-key")
                .value_name("KEY")
                .help("Fail unless this minisign key signed the library or the archive"),
        )
        .arg(
            Arg::new("signature")
                .long("signature")
                .value_name("FILE")
                .help("File with the signature [default: PATH.minisig]")
                .requires("public-key")
                .value_hint(ValueHint::FilePath)
                .value_parser(clap::value_parser!(PathBuf)),
        )
}

/// `plugin update`.
pub(super) fn update(command: Command) -> Command {
    let name = Arg::new("name").value_name("NAME");
    command.long_about(UPDATE_HELP).arg(
        name.help("Update only this plugin")
            .add(ValueSource::Plugins.completer()),
    )
}

/// `plugin link`.
pub(super) fn link(command: Command) -> Command {
    command
        .long_about(LINK_HELP)
        .arg(path("Directory of the plugin"))
        .arg(force("Replace an installed plugin"))
}

/// `plugin trust`.
pub(super) fn trust(command: Command) -> Command {
    named(command.long_about(TRUST_HELP))
}

/// A command with the name of a plugin.
pub(super) fn named(command: Command) -> Command {
    command.arg(name())
}

/// Adds the names of one or more plugins.
pub(super) fn several_named(command: Command) -> Command {
    command.arg(name().help("Names of the plugins").num_args(1..))
}

fn name() -> Arg {
    Arg::new("name")
        .value_name("NAME")
        .help("Name of the plugin")
        .add(ValueSource::Plugins.completer())
        .required(true)
}

fn path(help: &'static str) -> Arg {
    Arg::new("path")
        .value_name("PATH")
        .help(help)
        .required(true)
        .value_hint(ValueHint::AnyPath)
        .value_parser(clap::value_parser!(PathBuf))
}

fn force(help: &'static str) -> Arg {
    Arg::new("force")
        .long("force")
        .help(help)
        .action(ArgAction::SetTrue)
}
