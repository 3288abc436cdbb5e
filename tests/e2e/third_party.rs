//! The service backend of a third party: it is built outside of the workspace from
//! the packaged SDK, and tested with a real s6.

use crate::harness::{Sandbox, cargo_script, dist, files_below, script, tool, workspace};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The exit code of the rig if it is not supported.
const UNSUPPORTED: i32 = 77;

/// Files that the published crate must have.
const PUBLISHED: [&str; 7] = [
    "ABI.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "examples/command/lib.rs",
    "include/kt_plugin.h",
    "schema/manifest.json",
];

/// Builds and tests the plugin; returns its plugin directory.
fn build(sandbox: &Sandbox) -> PathBuf {
    let run = cargo_script(sandbox, "tests/scripts/build-third-party.sh");
    let output = run.limit(Duration::from_secs(600)).run();
    output
        .ok()
        .stdout_contains("tests::arguments_and_variables_are_passed_unchanged ... ok");
    let line = output
        .stdout
        .lines()
        .last()
        .expect("it prints the plugin directory");
    let sdk = workspace().join("target/third-party/sdk");
    for file in PUBLISHED {
        assert!(sdk.join(file).is_file(), "{file} is not in the crate");
    }
    PathBuf::from(line)
}

/// The script of the rig contains the steps and their expectations.
#[test]
fn a_third_party_backend_manages_a_real_s6() {
    let Some(_s6) = tool("s6-svscan") else { return };
    let sandbox = Sandbox::new();
    let plugins = build(&sandbox);
    let listed = sandbox
        .kt_line("plugin verify service-s6 -o json --plugin-dir")
        .arg(&plugins)
        .run();
    assert_eq!(listed.ok().text_at("/0/state"), "ok");
    let output = script(&sandbox, "tests/rigs/s6-lifecycle.sh")
        .arg(dist())
        .arg(&plugins)
        .limit(Duration::from_secs(180))
        .run();
    if output.code() == Some(UNSUPPORTED) {
        eprintln!("SKIPPED third_party: {}", output.stderr.trim());
        return;
    }
    output
        .ok()
        .stdout_contains("== a failed installation is rolled back")
        .stdout_contains("\nok\n");
}

/// kt contains no code for that backend.
#[test]
fn kt_contains_no_code_for_s6() {
    for folder in ["host", "plugins", "plugin-api"] {
        for file in files_below(&workspace().join(folder), &["target"]) {
            let text = fs::read_to_string(&file).unwrap_or_default().to_lowercase();
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            assert!(!words.any(|w| w == "s6"), "{} mentions s6", file.display());
        }
    }
}
