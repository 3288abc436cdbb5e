//! `kt plugin new`: what it writes builds, passes `kt plugin test`, and works.

use crate::harness::{CommandOutput, Sandbox, TestCommand, cargo, dist, tool, workspace};
use std::fs;
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
const BUILD_LIMIT: Duration = Duration::from_secs(600);

/// Creates a plugin in the root of the sandbox.
fn create(sandbox: &Sandbox, line: &str) -> CommandOutput {
    let run = sandbox.kt_line(&format!("plugin new {line}"));
    run.cwd(sandbox.root()).run()
}

fn make(sandbox: &Sandbox, plugin: &str, target: &str) -> Option<TestCommand> {
    let run = sandbox.program(&tool("make")?).args(["-C", plugin, target]);
    let kt = format!("KT={}", dist().join("bin/kt").display());
    Some(run.arg(kt).cwd(sandbox.root()).limit(BUILD_LIMIT))
}

/// Adds what cargo needs; the dependencies are shared with the plugin of a third party.
fn with_cargo(mut run: TestCommand) -> TestCommand {
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

#[test]
fn a_new_command_in_c_passes_its_tests() {
    let Some(_cc) = tool("cc") else { return };
    let sandbox = Sandbox::new();
    create(&sandbox, "--lang c --kind command demo").ok();
    let Some(run) = make(&sandbox, "demo", "test") else {
        return;
    };
    run.run()
        .ok()
        .stdout_contains("json.h: ok")
        .stdout_contains("case greets the world");
    let greeted = sandbox
        .kt_line("demo hello --name you")
        .env("KT_PLUGIN_PATH", sandbox.root().join("demo/build"))
        .run();
    assert_eq!(greeted.ok().stdout, "hello, you\n");
}

#[test]
fn an_existing_directory_and_invalid_names_are_refused() {
    let sandbox = Sandbox::new();
    let demo = sandbox.root().join("demo");
    fs::create_dir(&demo).expect("the sandbox is writable");
    let exists = create(&sandbox, "--lang c --kind command demo");
    exists.exits(6).stderr_contains("already exists");
    assert_eq!(fs::read_dir(&demo).expect("it exists").count(), 0);
    for name in ["Demo", "a/b", "..", "2a", "a-", "a_b"] {
        let refused = create(&sandbox, &format!("--lang c --kind command {name}"));
        refused.exits(2).stderr_contains("not a valid name");
    }
    create(&sandbox, "--lang c --kind command gateway")
        .exits(6)
        .stderr_contains("`kt gateway` already exists");
    create(&sandbox, "--lang pascal --kind command a").exits(2);
}

/// Without the service manager, the checks run that do not need it. The complete test is
/// that of `runit_runs_gateways_under_a_new_backend`.
#[test]
fn a_new_service_backend_in_c_passes_its_tests() {
    let Some(_cc) = tool("cc") else { return };
    let sandbox = Sandbox::new();
    create(&sandbox, "--lang c --kind service mine").ok();
    let Some(run) = make(&sandbox, "mine", "test") else {
        return;
    };
    let output = run.run();
    output
        .ok()
        .stdout_contains("render")
        .stderr_contains("0 failed");
}

fn set_sdk(sandbox: &Sandbox, line: &str) {
    let sdk = workspace().join("plugin-api").canonicalize();
    let sdk = sdk.expect("the SDK exists").display().to_string();
    create(sandbox, &format!("{line} --sdk {sdk}")).ok();
}

/// Also: a name that the manifest does not declare does not compile.
#[test]
fn a_new_command_in_rust_passes_its_tests() {
    let sandbox = Sandbox::new();
    set_sdk(&sandbox, "--lang rust --kind command demo");
    let Some(run) = make(&sandbox, "demo", "test") else {
        return;
    };
    let run = with_cargo(run.arg(format!("CARGO={}", cargo().display())));
    run.run()
        .ok()
        .stdout_contains("a_name_is_greeted ... ok")
        .stdout_contains("case greets the world");
    let source = sandbox.root().join("demo/src/lib.rs");
    let text = fs::read_to_string(&source).expect("it was written");
    for (from, to, expected) in [
        (
            "args.name.is_empty()",
            "args.nme.is_empty()",
            "no field `nme`",
        ),
        ("args.name.is_empty()", "args.name > 1", "mismatched types"),
    ] {
        assert!(text.contains(from));
        fs::write(&source, text.replace(from, to)).expect("it is writable");
        let check = sandbox.program(&cargo()).args(["check", "--release"]);
        let output = with_cargo(check.cwd(&sandbox.root().join("demo")))
            .limit(BUILD_LIMIT)
            .run();
        output.exits(101).stderr_contains(expected);
    }
}

#[test]
fn a_new_service_backend_in_rust_builds_and_passes_its_tests() {
    let sandbox = Sandbox::new();
    set_sdk(&sandbox, "--lang rust --kind service other");
    let Some(run) = make(&sandbox, "other", "test") else {
        return;
    };
    let run = with_cargo(run.arg(format!("CARGO={}", cargo().display())));
    run.run()
        .ok()
        .stdout_contains("arguments_and_variables_are_passed_unchanged ... ok")
        .stderr_contains("0 failed");
}
