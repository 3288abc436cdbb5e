//! Help: subcommands under headings, and global options.

use crate::harness::Sandbox;
use crate::plugins::{CPlugin, PluginDir};
use std::fs;

/// The headings of the sections of commands in a help text.
fn headings(help: &str) -> Vec<&str> {
    let lines = help.lines().filter(|line| !line.starts_with(' '));
    lines
        .filter_map(|line| line.strip_suffix(':'))
        .filter(|heading| !matches!(*heading, "Options" | "Global options" | "Arguments"))
        .collect()
}

/// The commands under a heading.
fn commands<'a>(help: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = help
        .lines()
        .skip_while(|line| *line != format!("{heading}:"));
    lines
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

#[test]
fn commands_are_listed_under_headings() {
    let sandbox = Sandbox::new();
    let help = sandbox.kt_line("--help").run();
    let root = &help.ok().stdout;
    assert_eq!(
        headings(root),
        ["Access", "Configuration", "Fleet", "Plugins and settings"],
        "{help}"
    );
    assert_eq!(
        commands(root, "Configuration"),
        ["init", "policy", "secret"]
    );
    assert!(commands(root, "Fleet").contains(&"gateway"), "{help}");
    let own = ["completion", "config", "doctor", "plugin", "version"];
    assert_eq!(commands(root, "Plugins and settings"), own);
    let help = sandbox.kt_line("gateway --help").run();
    let group = &help.ok().stdout;
    assert_eq!(
        headings(group),
        ["Configuration", "Fleet", "Service"],
        "{help}"
    );
    assert!(commands(group, "Fleet").contains(&"create"), "{help}");
    assert!(commands(group, "Service").contains(&"install"), "{help}");
    assert!(
        commands(group, "Configuration").contains(&"reload"),
        "{help}"
    );
    // Without headings there is one list.
    let help = sandbox.kt_line("token --help").run();
    assert_eq!(headings(&help.ok().stdout), ["Commands"], "{help}");
    // The short help and `kt help` list the same.
    for (line, same) in [("gateway -h", group), ("help gateway", group), ("-h", root)] {
        let output = sandbox.kt_line(line).run();
        assert_eq!(headings(&output.ok().stdout), headings(same), "{output}");
    }
}

#[test]
fn global_options_take_one_line_each_and_are_not_repeated() {
    let sandbox = Sandbox::new();
    let help = sandbox.kt_line("--help").run();
    let root = &help.ok().stdout;
    let names = commands(root, "Global options");
    assert_eq!(names.len(), 14, "{help}");
    for line in [
        "gateway --help",
        "gateway list --help",
        "token list -h",
        "doctor --help",
    ] {
        let output = sandbox.kt_line(line).run();
        let lines = output.ok().stdout.lines();
        let named: Vec<&str> = lines
            .filter(|l| l.starts_with("Global options: "))
            .collect();
        assert_eq!(named.len(), 1, "{output}");
        output
            .stdout_contains("see `kt --help`")
            .stdout_excludes("--no-headers");
    }
    // They are still accepted everywhere.
    sandbox.kt_line("plugin list --no-headers -q").run().ok();
}

#[test]
fn the_order_of_headings_does_not_depend_on_the_installed_plugins() {
    let sandbox = Sandbox::with_own_dist();
    let all = sandbox.kt_line("gateway --help").run();
    let all: Vec<String> = headings(&all.ok().stdout)
        .iter()
        .map(|h| (*h).to_owned())
        .collect();
    for plugin in ["gateway-control", "gateway-config", "gateway-service"] {
        let folder = sandbox.dist().join("lib/kt/plugins").join(plugin);
        let away = sandbox.root().join(plugin);
        fs::rename(&folder, &away).expect("the plugin is staged");
        let output = sandbox.kt_line("gateway --help").run();
        let left = headings(&output.ok().stdout);
        let expected = all.iter().filter(|h| left.contains(&h.as_str()));
        assert!(
            left.iter().copied().eq(expected.map(String::as_str)),
            "{output}"
        );
        fs::rename(&away, &folder).expect("it was moved");
    }
}

#[test]
fn plugins_use_existing_headings_and_their_own() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let plugin = CPlugin::probe()
        .manifest(
            "about = \"Break a rule\"",
            "about = \"Break a rule\"\nheading = \"Fleet\"",
        )
        .manifest(
            "about = \"Behave\"",
            "about = \"Behave {well}\"\nheading = \"Extras\"",
        );
    dir.put(plugin.text(), b"");
    let help = dir.kt("--help").run();
    let fleet = commands(&help.ok().stdout, "Fleet");
    assert!(
        fleet.contains(&"probe") && fleet.contains(&"gateway"),
        "{help}"
    );
    let help = dir.kt("probe --help").run();
    let text = &help.ok().stdout;
    assert_eq!(headings(text), ["Extras", "Other commands"], "{help}");
    assert_eq!(commands(text, "Extras"), ["hello"]);
    help.stdout_contains("Behave {well}");
    for bad in ["\"\"", "\"a\\u001bb\""] {
        let plugin = CPlugin::probe().manifest(
            "about = \"Behave\"",
            &format!("about = \"Behave\"\nheading = {bad}"),
        );
        dir.put(plugin.text(), b"");
        dir.kt("plugin verify probe")
            .run()
            .exits(1)
            .stdout_contains("failed");
    }
}

#[test]
fn help_is_wrapped_to_narrow_terminals_and_colored_on_request() {
    let sandbox = Sandbox::new();
    for line in ["--help", "gateway --help", "gateway -h"] {
        let output = sandbox.kt_line(line).env("COLUMNS", "44").run();
        let long = |l: &&str| l.chars().count() > 44;
        let wide: Vec<&str> = output.ok().stdout.lines().filter(long).collect();
        assert!(wide.is_empty(), "{wide:?}{output}");
        output.stdout_contains("Fleet:").stdout_excludes("\u{1b}");
        let colored = sandbox.kt_line(line).env("CLICOLOR_FORCE", "1").run();
        colored.ok().stdout_contains("\u{1b}[1m\u{1b}[4mFleet:");
    }
}
