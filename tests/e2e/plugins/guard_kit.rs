//! `kt plugin test` for guards: what conforms passes, and every check can fail.

use super::plugin_dir::PluginDir;
use crate::harness::{CommandOutput, Sandbox, tool, workspace};
use serde_json::Value;
use std::fs;
use std::path::Path;

const CASES: &str = "plugin-test.toml";
/// The checks of a guard, in order.
const CHECKS: [&str; 16] = [
    "load",
    "describe",
    "no-texts",
    "texts",
    "indexes",
    "characters",
    "long",
    "many",
    "dense",
    "same",
    "roles",
    "unknown-keys",
    "settings",
    "concurrent",
    "deadline",
    "method",
];

/// The faults of `nonconforming-guard`, the check that fails, and what it finds.
const FAULTS: [(&str, &str, &str); 37] = [
    ("no-sentence", "describe", "\" \""),
    ("described-labels", "describe", "the label \"a word\""),
    ("changing", "describe", "Call 2"),
    ("no-description", "describe", "cannot be parsed"),
    (
        "refuses-settings",
        "accepted",
        "`fault` of class `settings`",
    ),
    ("invents", "no-texts", "text 0"),
    ("crashes-on-nul", "texts", "signal 6"),
    ("quotes", "texts", "canary"),
    ("form-of-labels", "texts", "the label \"word\""),
    ("too-many-labels", "texts", "40 labels"),
    ("form-of-reasons", "texts", "the reason \"a word\""),
    ("no-reason", "texts", "the reason \"\""),
    ("allows-with-spans", "texts", "has 2 spans"),
    ("redacts-nothing", "texts", "has no spans"),
    ("empty-spans", "texts", "is empty"),
    ("behind", "texts", "ends behind the text"),
    ("twice", "texts", "two verdicts"),
    ("unknown-verdict", "texts", "unknown variant `perhaps`"),
    ("numbers", "indexes", "a verdict on text"),
    ("counts-bytes", "characters", "["),
    ("counts-utf-16", "characters", "["),
    ("fails-on-long", "long", "too long"),
    ("fails-on-many", "many", "too many"),
    ("unlimited", "dense", "more than 10000 spans"),
    ("first-only", "same", "redacted to"),
    ("fails-on-roles", "roles", "no such role"),
    ("fails-on-responses", "roles", "a response"),
    ("refuses-keys", "unknown-keys", "unknown key"),
    ("crashes-on-settings", "settings", "signal 6"),
    ("fails-on-settings", "settings", "TypeError"),
    ("concurrent", "concurrent", ""),
    ("hangs", "deadline", "it did not return"),
    ("crashes-on-cancel", "deadline", "signal 6"),
    ("any-method", "method", "a result"),
    ("finds-nothing", "case redacts listed words", "allowed"),
    ("finds-nothing", "case blocks a listed word", "allowed"),
    (
        "requires-settings",
        "case passes every text without words",
        "no words",
    ),
];

fn cases_of(example: &str) -> String {
    let source = workspace().join("tests/plugins").join(example).join(CASES);
    fs::read_to_string(source).expect("the example has cases")
}

fn report(dir: &PluginDir<'_>, name: &str, fault: &str) -> CommandOutput {
    let run = dir.kt("plugin test -o json").arg(dir.path().join(name));
    run.env("KT_TEST_FAULT", fault).run()
}

fn check(report: &CommandOutput, id: &str) -> Option<Value> {
    let report = report.json();
    let checks = report["checks"].as_array().into_iter().flatten();
    checks.into_iter().find(|check| check["id"] == id).cloned()
}

/// Installs `nonconforming-guard`, with the cases of the guard that it contains.
fn nonconforming(dir: &PluginDir<'_>) {
    let program = dir.example_program("nonconforming-guard");
    let module = workspace().join("tests/plugins/word-list-python/word_list.py");
    let copied = fs::copy(module, program.with_file_name("word_list.py"));
    copied.expect("the directory is writable");
    put_cases(&program, &cases_of("word-list-python"));
}

fn put_cases(beside: &Path, cases: &str) {
    fs::write(beside.with_file_name(CASES), cases).expect("the directory is writable");
}

#[test]
fn the_examples_conform() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    put_cases(&dir.prefix_guard(), &cases_of("prefix-guard"));
    let mut names = vec!["prefix-guard"];
    if tool("python3").is_some() {
        let program = dir.example_program("word-list-python");
        put_cases(&program, &cases_of("word-list-python"));
        names.push("word-list");
    }
    for name in names {
        let report = report(&dir, name, "");
        report.ok();
        for id in CHECKS {
            let check = check(&report, id).unwrap_or_default();
            assert_eq!(check["result"], "passed", "{id} of {name}: {report}");
        }
        assert_eq!(report.json()["skipped"], 0, "{name}: {report}");
    }
}

#[test]
fn a_fault_fails_its_check() {
    if tool("python3").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    nonconforming(&dir);
    report(&dir, "nonconforming-guard", "").ok();
    for (fault, id, found) in FAULTS {
        let report = report(&dir, "nonconforming-guard", fault);
        report.exits(1);
        let check = check(&report, id).unwrap_or_else(|| panic!("{fault}: {report}"));
        assert_eq!(check["result"], "failed", "{fault}: {check:#}");
        let text = check["failure"]["found"].as_str().unwrap_or_default();
        assert!(text.contains(found), "{fault}: {check:#}");
    }
    // Each check of `judge` is one that a fault fails.
    let failing: Vec<&str> = FAULTS.iter().map(|(_, id, _)| *id).collect();
    assert!(CHECKS[1..].iter().all(|id| failing.contains(id)));
}

#[test]
fn without_cases_what_depends_on_findings_is_skipped() {
    if tool("python3").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    nonconforming(&dir);
    let program = dir
        .path()
        .join("nonconforming-guard/nonconforming_guard.py");
    put_cases(&program, "");
    let report_of = |fault: &str| report(&dir, "nonconforming-guard", fault);
    let none = report_of("");
    none.ok();
    for (id, result) in [
        ("texts", "passed"),
        ("dense", "skipped"),
        ("cases", "skipped"),
    ] {
        let check = check(&none, id).unwrap_or_default();
        assert_eq!(check["result"], result, "{none}");
    }
    // A guard that requires settings is not tested without them.
    let requires = report_of("requires-settings");
    let accepted = check(requires.ok(), "accepted").unwrap_or_default();
    assert_eq!(accepted["result"], "skipped", "{accepted:#}");
    let detail = accepted["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("add a case with settings"), "{detail}");
}

#[test]
fn invalid_cases_are_refused() {
    if tool("python3").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let program = dir.example_program("word-list-python");
    for (cases, expected) in [
        ("[[guard]]\nname = \"a\"\n", "unknown key `guard`"),
        (
            "[[\"kt.service/1\"]]\nname = \"a\"\n",
            "unknown key `kt.service/1`",
        ),
        (
            "[[\"kt.policy/1\"]]\nname = \"a\"\n",
            "missing field `text`",
        ),
        (
            "[[\"kt.policy/1\"]]\nname = \"a\"\ntext = \"b\"\nverdict = \"redact\"\n",
            "`redacted` is required",
        ),
    ] {
        put_cases(&program, cases);
        let refused = report(&dir, "word-list", "");
        refused.exits(2);
        assert!(refused.stderr.contains(expected), "{cases}: {refused}");
    }
}
