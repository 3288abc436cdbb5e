//! Output streams, formats and colors.

use crate::harness::{Sandbox, TestCommand};
use std::fs::File;

const ESCAPE: &str = "\u{1b}[";

#[test]
fn only_data_is_written_to_stdout() {
    let sandbox = Sandbox::new();
    let list = sandbox.kt_line("plugin list -o json").run();
    assert!(list.ok().json().is_array(), "{list}");
    assert_eq!(list.stderr, "");
    let name = sandbox.kt_line("plugin list -o name").run();
    assert!(
        name.ok().stdout.lines().any(|l| l == "gateway-control"),
        "{name}"
    );
    let yaml = sandbox.kt_line("version -o yaml").run();
    yaml.ok().stdout_contains("version: ");
    assert_eq!(
        sandbox.kt_line("version --json").run().ok().json(),
        sandbox
            .kt_line("version")
            .env("KT_OUTPUT", "json")
            .run()
            .ok()
            .json()
    );
    let bare = sandbox.kt_line("plugin list --no-headers").run();
    bare.ok()
        .stdout_excludes("DESCRIPTION")
        .stdout_contains("gateway-control");
    let wide = sandbox.kt_line("plugin list -o wide").run();
    wide.ok()
        .stdout_contains("PATH")
        .stdout_contains("kt.control-plane/1:embedded");
}

#[test]
fn an_invalid_format_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("version -o xml")
        .run()
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("table, wide, json");
    let variable = sandbox.kt_line("version").env("KT_OUTPUT", "xml").run();
    variable
        .exits(3)
        .stdout_is_empty()
        .stderr_contains("`KT_OUTPUT` is `xml`");
    for name in ["KT_COLOR", "KT_LOG"] {
        let output = sandbox.kt_line("version").env(name, "banana").run();
        output
            .exits(3)
            .stdout_is_empty()
            .stderr_contains(&format!("`{name}` is `banana`"));
    }
}

/// With JSON results, errors are JSON too.
#[test]
fn errors_in_json_mode_are_json() {
    let sandbox = Sandbox::new();
    for (line, id, code) in [
        ("gateway inspect --id nobody", "", 5),
        ("gateway create", "invalid-arguments", 2),
        ("nonsense", "invalid-arguments", 2),
        ("plugin verify nobody", "plugin-not-found", 5),
        ("config show --profile nobody", "unknown-profile", 3),
    ] {
        for spelling in ["-o json", "--json", "--output=json"] {
            let output = sandbox.kt_line(&format!("{line} {spelling}")).run();
            let error = output.exits(code).stdout_is_empty().error();
            assert!(
                error["message"].is_string() && error["class"].is_string(),
                "{output}"
            );
            assert!(id.is_empty() || error["id"] == id, "{output}");
        }
    }
}

#[test]
fn the_color_option_has_precedence_over_variables() {
    let sandbox = Sandbox::new();
    let colored = |run: TestCommand| {
        let output = run.run();
        output.ok();
        output.stdout.contains(ESCAPE)
    };
    let list = |args: &str| sandbox.kt_line(&format!("plugin list {args}"));
    assert!(!colored(list("")), "a pipe has no colors");
    assert!(colored(list("--color always")));
    assert!(
        colored(list("--color=always").env("NO_COLOR", "1")),
        "the option wins"
    );
    assert!(colored(list("").env("KT_COLOR", "always")));
    assert!(colored(list("").env("CLICOLOR_FORCE", "1")));
    assert!(colored(list("").env("FORCE_COLOR", "1")));
    assert!(!colored(
        list("").env("FORCE_COLOR", "1").env("NO_COLOR", "1")
    ));
    assert!(
        colored(list("").env("FORCE_COLOR", "1").env("NO_COLOR", "")),
        "empty is unset"
    );
    assert!(!colored(list("--color never").env("CLICOLOR_FORCE", "1")));
}

#[test]
fn errors_and_help_are_colored_by_the_same_rules() {
    let sandbox = Sandbox::new();
    for line in ["nonsense", "plugin verify nobody"] {
        sandbox.kt_line(line).run().stderr_excludes(ESCAPE);
        sandbox
            .kt_line(line)
            .env("CLICOLOR_FORCE", "1")
            .run()
            .stderr_contains(ESCAPE);
    }
    sandbox.kt_line("--help").run().ok().stdout_excludes(ESCAPE);
    sandbox
        .kt_line("--help")
        .env("CLICOLOR_FORCE", "1")
        .run()
        .ok()
        .stdout_contains(ESCAPE);
    sandbox
        .kt_line("-o json plugin list")
        .env("CLICOLOR_FORCE", "1")
        .run()
        .ok()
        .stdout_excludes(ESCAPE);
}

/// A reader may close the pipe, as in `kt … | head -1`.
#[test]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = Sandbox::new();
    for line in [
        "plugin list",
        "--help",
        "completion bash",
        "reference",
        "version -o json",
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe can be created");
        drop(reader);
        let output = sandbox.kt_line(line).stdout_to(writer).run();
        assert_eq!(output.ok().stderr, "", "{output}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let sandbox = Sandbox::new();
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full exists");
    let output = sandbox.kt_line("plugin list").stdout_to(full).run();
    output.exits(7).stderr_contains("standard output");
}

#[test]
fn quiet_does_not_suppress_errors() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("-q plugin verify nobody")
        .run()
        .exits(5)
        .stderr_contains("error:");
    let list = sandbox.kt_line("-q gateway list").run();
    assert_eq!(list.ok().stderr, "", "{list}");
}
