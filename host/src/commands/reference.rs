//! `kt reference`: the command reference in Markdown, which is kept in `docs/`
//! and compared by a test.

use super::HostState;
use crate::cli::{self, Wanted};
use clap::Command;
use kt_plugin_api::{Output, View};
use serde_json::Value;

pub(super) fn run(state: &HostState<'_>) -> Output {
    let mut text = String::from(
        "# Command reference\n\nMade by `kt reference` from the manifests of the bundled plugins.\n",
    );
    let tree = cli::build(state.registry, Wanted::All);
    let mut root = tree.root.max_term_width(100).term_width(100);
    root.build();
    describe(&root, &mut Vec::new(), &mut text);
    Output::new(
        "kt.reference/1",
        Value::from(text.as_str()),
        View::Text(text),
    )
}

fn describe(command: &Command, path: &mut Vec<String>, text: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    path.push(command.get_name().to_owned());
    let help = command.clone().render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!(
        "\n## {}\n\n```text\n{}\n```\n",
        path.join(" "),
        lines.join("\n").trim_end()
    ));
    for child in command.get_subcommands() {
        describe(child, path, text);
    }
    path.pop();
}
