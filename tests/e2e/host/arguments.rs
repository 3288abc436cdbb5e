//! Arguments: suggestions, aliases, and errors that are detected before a plugin is
//! loaded.

use crate::harness::Sandbox;

#[test]
fn a_misspelled_argument_gets_a_suggestion() {
    let sandbox = Sandbox::new();
    for (line, suggestion) in [
        ("versoin", "version"),
        ("gatway list", "gateway"),
        ("gateway lst", "list"),
        ("gateway create --nme x", "--name"),
        ("gateway list --state pendin", "pending"),
        ("completion bsh", "bash"),
    ] {
        let output = sandbox.kt_line(line).run();
        output
            .exits(2)
            .stdout_is_empty()
            .stderr_contains(suggestion)
            .stderr_contains("tip:");
    }
}

#[test]
fn proxy_is_a_hidden_alias_of_gateway() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("--help")
        .run()
        .ok()
        .stdout_excludes("proxy");
    let named = sandbox.kt_line("gateway list --help").run();
    let alias = sandbox.kt_line("proxy list --help").run();
    assert_eq!(alias.ok().stdout, named.ok().stdout);
}

#[test]
fn values_are_validated_before_a_plugin_is_loaded() {
    let sandbox = Sandbox::new();
    for line in [
        "gateway list --limit many",
        "gateway list --timeout 30",
        "gateway list --timeout soon",
        "gateway revert --id x --version one",
        "gateway list --color sometimes",
        "gateway create --name x --name y",
    ] {
        sandbox
            .kt_line(line)
            .run()
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("error:");
    }
    sandbox.kt_line("gateway list --timeout 1m30s").run().ok();
}

#[test]
fn without_a_command_help_is_printed() {
    let sandbox = Sandbox::new();
    for line in ["", "gateway"] {
        let output = sandbox.kt_line(line).run();
        output
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("Usage:")
            .stderr_contains("Fleet:");
    }
    let help = sandbox.kt_line("--help").run();
    let lines = help.ok().stdout.lines().count();
    assert!(lines < 60, "the help has {lines} lines");
}

#[test]
fn invalid_unicode_in_arguments_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let output = sandbox.kt(["gateway", "inspect", "--id"]).arg(odd).run();
    output.exits(2).stdout_is_empty();
    let output = sandbox.kt(["version"]).env("KT_OUTPUT", odd).run();
    output.ok();
}
