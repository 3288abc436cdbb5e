//! Every command of the staged tree, for tests that must cover all of them.

use crate::harness::Sandbox;
use std::collections::BTreeSet;

/// The built-in commands that are omitted from help.
pub(crate) const HIDDEN: [&str; 2] = ["plugin catalog", "reference"];
/// Returns every command of the staged tree.
pub(crate) fn every_command(sandbox: &Sandbox) -> BTreeSet<String> {
    let listed = sandbox.kt_line("plugin list -o json").run();
    let rows = listed.ok().json();
    let of_plugins = rows.as_array().into_iter().flatten().flat_map(|row| {
        let commands = row["commands"].as_array().into_iter().flatten();
        commands
            .filter_map(|c| c.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    });
    let reference = sandbox.kt_line("reference").run();
    let headings = headings(&reference.ok().stdout);
    let leaves = headings.iter().filter(|h| {
        let group = format!("{h} ");
        !headings.iter().any(|other| other.starts_with(&group))
    });
    let hidden = HIDDEN.into_iter().map(str::to_owned);
    of_plugins.chain(leaves.cloned()).chain(hidden).collect()
}

/// Replaces `PLUGINS` in a command line by the directory of the staged plugins.
pub(crate) fn with_plugins(line: &str, sandbox: &Sandbox) -> String {
    let dir = sandbox.dist().join("lib/kt/plugins");
    line.replace("PLUGINS", &dir.display().to_string())
}

fn headings(reference: &str) -> Vec<String> {
    let lines = reference.lines().filter_map(|l| l.strip_prefix("## kt "));
    lines.map(str::to_owned).collect()
}
