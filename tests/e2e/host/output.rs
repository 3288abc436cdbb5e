//! Where output goes and how it looks.

use crate::harness::{Sandbox, TestCommand};
use std::fs::File;

const ESCAPE: &str = "\u{1b}[";

#[test]
fn data_goes_to_stdout_and_nothing_else() {
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
    yaml.ok().out_has("version: ");
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
        .out_lacks("DESCRIPTION")
        .out_has("gateway-control");
    let wide = sandbox.kt_line("plugin list -o wide").run();
    wide.ok()
        .out_has("PATH")
        .out_has("kt.control-plane/1:embedded");
}

#[test]
fn a_wrong_format_names_the_right_ones() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("version -o xml")
        .run()
        .exits(2)
        .silent()
        .err_has("table, wide, json");
    let variable = sandbox.kt_line("version").env("KT_OUTPUT", "xml").run();
    variable.exits(3).silent().err_has("`KT_OUTPUT` is `xml`");
    for name in ["KT_COLOR", "KT_LOG"] {
        let ran = sandbox.kt_line("version").env(name, "banana").run();
        ran.exits(3)
            .silent()
            .err_has(&format!("`{name}` is `banana`"));
    }
}

/// Errors are JSON wherever results are.
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
            let ran = sandbox.kt_line(&format!("{line} {spelling}")).run();
            let error = ran.exits(code).silent().error();
            assert!(
                error["message"].is_string() && error["class"].is_string(),
                "{ran}"
            );
            assert!(id.is_empty() || error["id"] == id, "{ran}");
        }
    }
}

#[test]
fn colours_obey_option_then_variables() {
    let sandbox = Sandbox::new();
    let coloured = |run: TestCommand| {
        let ran = run.run();
        ran.ok();
        ran.stdout.contains(ESCAPE)
    };
    let list = |args: &str| sandbox.kt_line(&format!("plugin list {args}"));
    assert!(!coloured(list("")), "a pipe has no colours");
    assert!(coloured(list("--color always")));
    assert!(
        coloured(list("--color=always").env("NO_COLOR", "1")),
        "the option wins"
    );
    assert!(coloured(list("").env("KT_COLOR", "always")));
    assert!(coloured(list("").env("CLICOLOR_FORCE", "1")));
    assert!(coloured(list("").env("FORCE_COLOR", "1")));
    assert!(!coloured(
        list("").env("FORCE_COLOR", "1").env("NO_COLOR", "1")
    ));
    assert!(
        coloured(list("").env("FORCE_COLOR", "1").env("NO_COLOR", "")),
        "empty is unset"
    );
    assert!(!coloured(list("--color never").env("CLICOLOR_FORCE", "1")));
}

#[test]
fn errors_and_help_have_colours_by_the_same_rules() {
    let sandbox = Sandbox::new();
    for line in ["nonsense", "plugin verify nobody"] {
        sandbox.kt_line(line).run().err_lacks(ESCAPE);
        sandbox
            .kt_line(line)
            .env("CLICOLOR_FORCE", "1")
            .run()
            .err_has(ESCAPE);
    }
    sandbox.kt_line("--help").run().ok().out_lacks(ESCAPE);
    sandbox
        .kt_line("--help")
        .env("CLICOLOR_FORCE", "1")
        .run()
        .ok()
        .out_has(ESCAPE);
    sandbox
        .kt_line("-o json plugin list")
        .env("CLICOLOR_FORCE", "1")
        .run()
        .ok()
        .out_lacks(ESCAPE);
}

/// Who closes the pipe has what it wanted, as in `kt … | head -1`.
#[test]
fn a_closed_pipe_is_success() {
    let sandbox = Sandbox::new();
    for line in [
        "plugin list",
        "--help",
        "completion bash",
        "reference",
        "version -o json",
    ] {
        let (reader, writer) = std::io::pipe().expect("the system has pipes");
        drop(reader);
        let ran = sandbox.kt_line(line).stdout_to(writer).run();
        assert_eq!(ran.ok().stderr, "", "{ran}");
    }
}

#[test]
fn a_full_disk_is_not_success() {
    let sandbox = Sandbox::new();
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let ran = sandbox.kt_line("plugin list").stdout_to(full).run();
    ran.exits(7).err_has("standard output");
}

#[test]
fn quiet_keeps_errors() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("-q plugin verify nobody")
        .run()
        .exits(5)
        .err_has("error:");
    let list = sandbox.kt_line("-q gateway list").run();
    assert_eq!(list.ok().stderr, "", "{list}");
}
