//! `kt completion SHELL`: a completion script, generated from the manifests.

use super::context::CommandContext;
use crate::cli::{self, CommandSelection};
use clap::{ArgMatches, Command};
use clap_complete::{Shell, generate};
use kt_plugin_api::{Error, Output, View};
use serde_json::Value;

/// The width of help, which scripts do not contain.
const WIDTH: usize = 100;

pub(super) fn run(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let shell = matches
        .get_one::<Shell>("shell")
        .copied()
        .ok_or_else(|| Error::internal("the argument `shell` is missing"))?;
    let mut script = Vec::new();
    let root = cli::build(context.registry, CommandSelection::All, WIDTH).root;
    generate(shell, &mut visible(&root), "kt", &mut script);
    let text = String::from_utf8(script)
        .map_err(|e| Error::internal("the script is not UTF-8").cause(e))?;
    Ok(Output::new(
        "kt.completion/1",
        Value::from(text.as_str()),
        View::Text(text),
    ))
}

/// Removes the hidden commands: aliases, and commands that are not installed.
fn visible(command: &Command) -> Command {
    let subcommands: Vec<Command> = command
        .get_subcommands()
        .filter(|c| !c.is_hide_set())
        .map(visible)
        .collect();
    let mut bare = Command::new(command.get_name().to_owned());
    if let Some(about) = command.get_about() {
        bare = bare.about(about.clone());
    }
    for arg in command.get_arguments().filter(|a| !a.is_hide_set()) {
        bare = bare.arg(arg.clone());
    }
    bare.subcommands(subcommands)
}
