//! `kt plugin test` for plugins with commands.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{CommandOutput, Sandbox, workspace};
use serde_json::Value;
use std::fs;

const CASES: &str = "plugin-test.toml";

fn run(dir: &PluginDir<'_>, name: &str) -> CommandOutput {
    let path = dir.path().join(name);
    dir.kt("plugin test -o json").arg(path).run()
}

fn check(report: &CommandOutput, id: &str) -> Value {
    let report = report.json();
    let checks = report["checks"].as_array().into_iter().flatten();
    let found = checks.clone().find(|check| check["id"] == id).cloned();
    found.unwrap_or_else(|| panic!("no check `{id}`: {report:#}"))
}

/// Asserts that a check failed, with what was expected and found.
fn assert_failed(report: &CommandOutput, id: &str, expected: &str, found: &str) {
    let check = check(report, id);
    let contains = |key: &str, text: &str| {
        let value = check["failure"][key].as_str().unwrap_or_default();
        assert!(value.contains(text), "`{key}` of `{id}`: {check:#}");
    };
    assert_eq!(check["result"], "failed", "{check:#}");
    contains("step", "run `kt ");
    contains("expected", expected);
    contains("found", found);
}

#[test]
fn a_plugin_in_c_passes_with_the_cases_of_its_author() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let Some(library) = dir.build(&CPlugin::greeter()) else {
        return;
    };
    let source = workspace().join("tests/plugins/greeter-c").join(CASES);
    fs::copy(source, library.with_file_name(CASES)).expect("the plugin has cases");
    let report = run(&dir, "greeter-c");
    report.ok();
    for id in [
        "load",
        "help",
        "arguments",
        "run greet hello",
        "deadline greet hello",
        "complete greet hello",
        "run greet fail",
        "case greets by name",
        "case fails with its own error",
    ] {
        assert_eq!(check(&report, id)["result"], "passed", "{report}");
    }
    let table = dir
        .kt("plugin test")
        .arg(dir.path().join("greeter-c"))
        .run();
    table.ok().stdout_contains("case greets by name");
}

#[test]
fn a_case_that_ends_otherwise_fails_with_the_difference() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let Some(library) = dir.build(&CPlugin::greeter()) else {
        return;
    };
    let case = |name: &str, rest: &str| format!("[[case]]\nname = \"{name}\"\n{rest}\n");
    let cases = [
        case(
            "value",
            "args = [\"greet\", \"hello\"]\nvalue = { \"/text\" = \"hi\" }",
        ),
        case("exit", "args = [\"greet\", \"hello\"]\nexit = 4"),
        case(
            "error",
            "args = [\"greet\", \"fail\"]\nexit = 5\nerror = \"other\"",
        ),
        case(
            "text",
            "args = [\"greet\", \"hello\"]\nstdout = \"good day\"",
        ),
    ];
    fs::write(library.with_file_name(CASES), cases.concat()).expect("the directory is writable");
    let report = run(&dir, "greeter-c");
    report.exits(1);
    assert_failed(&report, "case value", "`/text` is \"hi\"", "hello, world");
    assert_failed(&report, "case exit", "exit code 4", "exit code 0");
    assert_failed(&report, "case error", "`other`", "no-greeting");
    assert_failed(&report, "case text", "good day", "hello, world");
    let table = dir
        .kt("plugin test")
        .arg(dir.path().join("greeter-c"))
        .run();
    table
        .exits(1)
        .stdout_contains("case value failed")
        .stdout_contains("expected  `/text` is \"hi\"");
    fs::write(library.with_file_name(CASES), "[[case]]\nnam = 1\n").expect("writable");
    run(&dir, "greeter-c").exits(2).stderr_contains("nam");
}

/// One violation of the contract for each command of the plugin.
#[test]
fn violations_of_the_contract_are_failed_checks() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    // It would emit until the time limit.
    let flood = "path = [\"probe\", \"flood\"]";
    let plugin = CPlugin::probe().manifest(flood, &format!("{flood}\nmutates = true"));
    if dir.build(&plugin).is_none() {
        return;
    }
    let junit = sandbox.root().join("results.xml");
    let report = dir
        .kt("plugin test -o json")
        .arg(dir.path().join("probe"))
        .arg("--junit")
        .arg(&junit)
        .run();
    report.exits(1);
    assert_eq!(check(&report, "run probe hello")["result"], "passed");
    let class = "an error whose class tells the user what to do";
    for (command, found) in [
        ("no-error", "without an error"),
        ("no-result", "without a result"),
        ("bad-text", "invalid text"),
        ("bad-json", "malformed"),
        ("two-results", "more than one result"),
        ("unknown-class", "slow down"),
    ] {
        assert_failed(&report, &format!("run probe {command}"), class, found);
    }
    let unknown = "an argument that it does not have";
    assert_failed(
        &report,
        "complete probe complete",
        "completions of `how`",
        unknown,
    );
    let flood = check(&report, "run probe flood");
    assert_eq!(flood["result"], "skipped", "{flood:#}");
    let xml = fs::read_to_string(junit).expect("the file is written");
    assert!(
        xml.contains("<failure message=\"run `kt probe no-error -o json`"),
        "{xml}"
    );
}

#[test]
fn a_plugin_that_crashes_is_a_failed_check() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let plugin = CPlugin::probe().define("PROBE_INIT=abort_at_once");
    let abort = "static kt_status abort_at_once(const kt_host *h, void **s) { (void)h, (void)s; __builtin_trap(); }";
    let header = sandbox.write("abort.h", format!("#include \"kt_plugin.h\"\n{abort}\n"));
    let plugin = plugin.flag(format!("-include{}", header.display()));
    let plugin = plugin.flag("-Wno-unused-function".to_owned());
    if dir.build(&plugin).is_none() {
        return;
    }
    let report = run(&dir, "probe");
    report.exits(1);
    let load = check(&report, "load");
    assert_eq!(load["result"], "failed", "{load:#}");
    let found = load["failure"]["found"].to_string();
    for part in ["plugin `probe` 1.0.0", "SIGILL", "in its `init`"] {
        assert!(found.contains(part), "{load:#}");
    }
}

#[test]
fn a_long_running_command_is_cancelled() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let library = dir.misbehaving();
    let manifest = library.with_file_name("plugin.toml");
    assert!(manifest.is_file());
    let report = run(&dir, "misbehaving");
    report.exits(1);
    let cancelled = check(&report, "cancel misbehave wait");
    assert_eq!(cancelled["result"], "passed", "{cancelled:#}");
    let panicked = check(&report, "run misbehave panic");
    assert_eq!(panicked["result"], "failed", "{panicked:#}");
}
