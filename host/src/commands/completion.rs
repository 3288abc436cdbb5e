//! `kt completion SHELL`: the script that makes a shell complete the command line of kt.

use crate::completion::script;
use clap::ArgMatches;
use clap_complete::Shell;
use kt_plugin_api::{Error, Output, View};
use serde_json::Value;

pub(super) fn run(matches: &ArgMatches) -> Result<Output, Error> {
    let shell = matches
        .get_one::<Shell>("shell")
        .copied()
        .ok_or_else(|| Error::internal("the argument `shell` is missing"))?;
    let text = script(shell)?;
    Ok(Output::new(
        "kt.completion/1",
        Value::from(text.as_str()),
        View::Text(text),
    ))
}
