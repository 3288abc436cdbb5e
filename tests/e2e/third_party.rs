//! A plugin of somebody else's: a service backend that is built outside of the
//! workspace, from the packaged SDK alone, and drives a real s6.

use crate::harness::{Sandbox, TestCommand, dist, files_below, tool, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the rig ends with where it cannot work.
const UNUSABLE: i32 = 77;
/// Where cargo and its cache are; a build needs the real ones.
const OF_CARGO: [&str; 6] = [
    "PATH",
    "HOME",
    "CARGO",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
];

fn script(sandbox: &Sandbox, path: &str) -> TestCommand {
    let ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    let run = sandbox
        .program(Path::new("/bin/bash"))
        .arg(workspace().join(path));
    if ci {
        run.env("CI", "1").env("KT_TEST_S6", "require")
    } else {
        run
    }
}

/// The plugin directory with the plugin; its own tests have passed.
fn build(sandbox: &Sandbox) -> PathBuf {
    let mut run = script(sandbox, "tests/scripts/build-third-party.sh");
    for name in OF_CARGO {
        if let Some(value) = std::env::var_os(name) {
            run = run.env(name, value);
        }
    }
    let ran = run.limit(Duration::from_secs(600)).run();
    ran.ok()
        .out_has("real::rollback::a_first_install_is_taken_back_whole ... ok");
    let line = ran
        .stdout
        .lines()
        .last()
        .expect("it says where the plugin is");
    PathBuf::from(line)
}

/// The steps and what each must do are in the rig's script.
#[test]
fn a_backend_of_somebody_else_drives_a_real_s6() {
    let Some(_s6) = tool("s6-svscan") else { return };
    let sandbox = Sandbox::new();
    let plugins = build(&sandbox);
    let listed = sandbox
        .kt_line("plugin verify service-s6 -o json --plugin-dir")
        .arg(&plugins)
        .run();
    assert_eq!(listed.ok().text_at("/0/state"), "ok");
    let ran = script(&sandbox, "tests/rigs/s6-lifecycle.sh")
        .arg(dist())
        .arg(&plugins)
        .limit(Duration::from_secs(180))
        .run();
    if ran.code() == Some(UNUSABLE) {
        eprintln!("SKIPPED third_party: {}", ran.stderr.trim());
        return;
    }
    ran.ok()
        .out_has("== a failed installation is rolled back")
        .out_has("\nok\n");
}

/// Whatever kt does for that backend, it does for any.
#[test]
fn kt_does_not_know_it() {
    for folder in ["host", "plugins", "plugin-api"] {
        for file in files_below(&workspace().join(folder), &["target"]) {
            let text = fs::read_to_string(&file).unwrap_or_default().to_lowercase();
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            assert!(!words.any(|w| w == "s6"), "{} knows it", file.display());
        }
    }
}
