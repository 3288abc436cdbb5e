//! Scripts of the repository that build or run something.

use super::{Sandbox, TestCommand, workspace};
use std::path::Path;

/// The variables that cargo needs.
const CARGO_VARIABLES: [&str; 6] = [
    "PATH",
    "HOME",
    "CARGO",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
];

/// Returns a run of a script that uses cargo.
pub(crate) fn cargo_script(sandbox: &Sandbox, path: &str) -> TestCommand {
    with_cargo(script(sandbox, path))
}

/// Returns a run that finds cargo, with the variables of the tests.
pub(crate) fn with_cargo(run: TestCommand) -> TestCommand {
    let set = CARGO_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    set.fold(run, |run, (name, value)| run.env(name, value))
}

/// Returns a run of a script. In CI it must not skip anything.
pub(crate) fn script(sandbox: &Sandbox, path: &str) -> TestCommand {
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
