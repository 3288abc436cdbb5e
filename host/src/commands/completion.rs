//! `kt completion SHELL`: a script made from the manifests.

use super::HostState;
use crate::cli::{self, Wanted};
use clap::builder::EnumValueParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::{Shell, generate};
use kt_plugin_api::{Error, Output, View};
use serde_json::Value;

pub(super) fn shell_arg() -> Arg {
    Arg::new("shell")
        .value_name("SHELL")
        .help("The shell")
        .required(true)
        .value_parser(EnumValueParser::<Shell>::new())
}

pub(super) fn run(matches: &ArgMatches, state: &HostState<'_>) -> Result<Output, Error> {
    let shell = matches
        .get_one::<Shell>("shell")
        .copied()
        .ok_or_else(|| Error::internal("the shell is missing"))?;
    let mut script = Vec::new();
    let root = cli::build(state.registry, Wanted::All).root;
    generate(shell, &mut visible(&root), "kt", &mut script);
    let text = String::from_utf8(script)
        .map_err(|e| Error::internal("the script is not UTF-8").cause(e))?;
    Ok(Output::new(
        "kt.completion/1",
        Value::from(text.as_str()),
        View::Text(text),
    ))
}

/// The tree without hidden commands: what is not installed, and aliases, are
/// not offered.
fn visible(command: &Command) -> Command {
    let shown: Vec<Command> = command
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
    bare.subcommands(shown)
}
