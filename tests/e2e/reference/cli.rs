//! The command reference, and the help of every command.

use crate::commands::{HIDDEN, every_command};
use crate::harness::{Sandbox, assert_golden, bless_directory};

const HELP: &str = "tests/golden/help";

#[test]
fn the_command_reference_is_up_to_date() {
    let sandbox = Sandbox::new();
    let reference = sandbox.kt_line("reference").run();
    assert_golden("docs/cli.md", &reference.ok().stdout);
}

#[test]
fn the_help_of_every_command_is_up_to_date() {
    let sandbox = Sandbox::new();
    let commands = every_command(&sandbox);
    let file = |command: &str| format!("{}.txt", command.replace(' ', "-"));
    let names: Vec<String> = commands.iter().map(|c| file(c)).collect();
    bless_directory(HELP, &names);
    for command in &commands {
        let help = sandbox.kt_line(&format!("{command} --help")).run();
        help.ok().stdout_contains("Usage: kt ");
        assert_golden(&format!("{HELP}/{}", file(command)), &help.stdout);
    }
}

/// The description of a command is one line without a final period, and long help
/// begins with the examples.
#[test]
fn help_has_the_same_form_for_every_command() {
    let sandbox = Sandbox::new();
    for command in every_command(&sandbox) {
        let long = sandbox.kt_line(&format!("{command} --help")).run();
        let short = sandbox.kt_line(&format!("{command} -h")).run();
        let about = short
            .ok()
            .stdout
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        assert!(
            about.starts_with(char::is_uppercase) && !about.ends_with('.'),
            "{short}"
        );
        assert!(
            short.stdout.len() <= long.ok().stdout.len(),
            "{short}{long}"
        );
        assert!(
            long.stdout.lines().all(|l| l.chars().count() <= 100),
            "{long}"
        );
        if let Some(at) = long.stdout.find("Examples:") {
            assert_eq!(at, 0, "{long}");
        } else {
            // Commands of gateways with required arguments have examples.
            let bare = !long.stdout.contains("<");
            let hidden = HIDDEN.contains(&command.as_str());
            assert!(bare || hidden || !command.starts_with("gateway"), "{long}");
        }
    }
}
