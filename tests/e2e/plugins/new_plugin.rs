//! Creates plugins with `kt plugin new`, and builds them.

use crate::harness::{CommandOutput, Sandbox, TestCommand, cargo, dist, workspace};
use std::path::Path;
use std::time::Duration;

/// The variables that cargo needs, with the folder in `HOME` that replaces one: the home
/// of the sandbox is another.
const CARGO_VARIABLES: [(&str, Option<&str>); 4] = [
    ("PATH", None),
    ("CARGO_HOME", Some(".cargo")),
    ("RUSTUP_HOME", Some(".rustup")),
    ("RUSTUP_TOOLCHAIN", None),
];
/// A build, and the installations of the conformance tests.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// Creates a plugin in the root of the sandbox.
pub(crate) fn create(sandbox: &Sandbox, line: &str) -> CommandOutput {
    let run = sandbox.kt_line(&format!("plugin new {line}"));
    run.cwd(sandbox.root()).run()
}

/// Returns a run of `make`, with what cargo needs; dependencies are shared by the tests.
pub(crate) fn make(sandbox: &Sandbox, make: &Path, plugin: &str, target: &str) -> TestCommand {
    let run = sandbox.program(make).args(["-C", plugin, target]);
    let kt = format!("KT={}", dist().join("bin/kt").display());
    let cargo = format!("CARGO={}", cargo().display());
    let run = run.arg(kt).arg(cargo).cwd(sandbox.root()).limit(LIMIT);
    with_cargo(run)
}

pub(crate) fn with_cargo(mut run: TestCommand) -> TestCommand {
    for (name, folder) in CARGO_VARIABLES {
        let default = || Some(Path::new(&std::env::var_os("HOME")?).join(folder?).into());
        if let Some(value) = std::env::var_os(name).or_else(default) {
            run = run.env(name, value);
        }
    }
    let target = workspace().join("target/third-party/target");
    run.env("CARGO_TARGET_DIR", target)
        .env("CARGO_NET_OFFLINE", "true")
}

/// Returns the option for plugins in Rust, whose crate is not published yet.
pub(crate) fn sdk() -> String {
    let sdk = workspace().join("plugin-api").canonicalize();
    format!("--sdk {}", sdk.expect("the SDK exists").display())
}
