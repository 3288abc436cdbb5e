//! `kt version`, and the table of exit codes.

use crate::harness::{Sandbox, workspace};
use std::collections::BTreeMap;
use std::fs;

/// The exit codes, which are stable.
const CODES: [(i64, &str); 15] = [
    (0, "ok"),
    (1, "negative"),
    (2, "usage"),
    (3, "settings"),
    (4, "unauthorized"),
    (5, "not-found"),
    (6, "conflict"),
    (7, "unavailable"),
    (8, "unknown-effect"),
    (9, "plugin"),
    (10, "rejected"),
    (11, "superseded"),
    (70, "internal"),
    (130, "interrupted"),
    (143, "terminated"),
];

#[test]
fn the_exit_codes_are_stable() {
    let sandbox = Sandbox::new();
    let listed = sandbox
        .kt_line("version --exit-codes -o json")
        .run()
        .ok()
        .json();
    let listed: Vec<_> = listed
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| {
            (
                r["code"].as_i64().unwrap_or(-1),
                r["class"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let expected: Vec<_> = CODES
        .iter()
        .map(|(code, class)| (*code, (*class).to_owned()))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn the_version_is_that_of_the_workspace() {
    let sandbox = Sandbox::new();
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("the file exists");
    let manifest: toml::Table = toml::from_str(&manifest).expect("the manifest is TOML");
    let own = manifest["workspace"]["package"]["version"]
        .as_str()
        .expect("the manifest has a version");
    let output = sandbox.kt_line("version -o json").run();
    assert_eq!(output.ok().text_at("/version"), own);
    assert_eq!(output.text_at("/plugin_abi"), "1.0");
    let plugins: BTreeMap<_, _> = output
        .at("/plugins")
        .as_array()
        .into_iter()
        .flatten()
        .map(|p| {
            (
                p["name"].to_string(),
                p["version"].as_str().map(str::to_owned),
            )
        })
        .collect();
    assert!(!plugins.is_empty());
    assert!(
        plugins.values().all(|v| v.as_deref() == Some(own)),
        "{plugins:?}"
    );
    let short = sandbox.kt_line("--version").run();
    assert_eq!(short.ok().stdout, format!("kt {own}\n"));
}
