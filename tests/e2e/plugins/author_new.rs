//! `kt plugin new`: what it writes builds, passes its tests and `kt plugin test`, and works.

use super::new_plugin::{LIMIT, create, make, sdk, with_cargo};
use crate::harness::{Background, Sandbox, TIMEOUT, cargo, dist, free_port, tool, wait_until};
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};

fn has_its_documents(plugin: &Path) {
    let read = |name: &str| fs::read_to_string(plugin.join(name)).expect("it was written");
    assert!(read("LICENSE").starts_with("MIT License"));
    assert!(read("README.md").contains("make test"));
}

/// Creates a command, runs its tests, and runs it.
fn command_works(options: &str, expected: &str, make_program: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    create(&sandbox, &format!("{options} --kind command my-demo")).ok();
    has_its_documents(&sandbox.root().join("my-demo"));
    make(&sandbox, make_program, "my-demo", "test")
        .run()
        .ok()
        .stdout_contains(expected)
        .stdout_contains("case greets the world");
    has_its_documents(&sandbox.root().join("my-demo/build/my-demo"));
    let greeted = sandbox
        .kt_line("my-demo hello --name you")
        .env("KT_PLUGIN_PATH", sandbox.root().join("my-demo/build"))
        .run();
    assert_eq!(greeted.ok().stdout, "hello, you\n");
    sandbox
}

#[test]
fn a_new_command_in_c_passes_its_tests() {
    let (Some(_cc), Some(make)) = (tool("cc"), tool("make")) else {
        return;
    };
    command_works("--lang c", "json.h: ok", &make);
}

/// Also: a name or type that the manifest does not declare does not compile.
#[test]
fn a_new_command_in_rust_passes_its_tests() {
    let Some(make) = tool("make") else { return };
    let options = format!("--lang rust {}", sdk());
    let sandbox = command_works(&options, "a_name_is_greeted ... ok", &make);
    let source = sandbox.root().join("my-demo/src/lib.rs");
    let text = fs::read_to_string(&source).expect("it was written");
    let used = "args.name.is_empty()";
    assert!(text.contains(used));
    for (changed, expected) in [
        ("args.nme.is_empty()", "no field `nme`"),
        ("args.name > 1", "mismatched types"),
    ] {
        fs::write(&source, text.replace(used, changed)).expect("it is writable");
        let check = sandbox.program(&cargo()).args(["check", "--release"]);
        let output = with_cargo(check.cwd(&sandbox.root().join("my-demo")))
            .limit(LIMIT)
            .run();
        output.exits(101).stderr_contains(expected);
    }
}

#[test]
fn a_new_command_in_python_passes_its_tests() {
    let (Some(_python), Some(make)) = (tool("python3"), tool("make")) else {
        return;
    };
    command_works("--lang python", "python3 -m unittest", &make);
}

/// A `runsvdir` over `~/service`.
struct Runsvdir(Background);

impl Runsvdir {
    fn start(sandbox: &Sandbox, program: &Path) -> Self {
        let services = sandbox.root().join("home/service");
        fs::create_dir_all(&services).expect("the home is writable");
        Self(sandbox.program(program).arg(&services).spawn())
    }
}

/// Only after SIGHUP does it end its services.
impl Drop for Runsvdir {
    fn drop(&mut self) {
        self.0.signal(Signal::HUP);
        wait_until("runsvdir ends", TIMEOUT, || {
            (!self.0.is_running()).then_some(())
        });
    }
}

/// From `kt plugin new` to a gateway that runs under the backend of the author.
fn backend_works(options: &str, expected: &str, make_program: &Path, program: &Path) {
    let sandbox = Sandbox::new();
    create(&sandbox, &format!("{options} --kind service my-runit")).ok();
    has_its_documents(&sandbox.root().join("my-runit"));
    let _runsvdir = Runsvdir::start(&sandbox, program);
    make(&sandbox, make_program, "my-runit", "test")
        .run()
        .ok()
        .stdout_contains(expected)
        .stdout_contains("killed-first")
        .stderr_contains("22 passed, 0 failed, 1 skipped");
    gateway_runs(&sandbox, &sandbox.root().join("my-runit/build"));
}

fn gateway_runs(sandbox: &Sandbox, plugins: &Path) {
    let kt = |line: &str| sandbox.kt_line(line).env("KT_PLUGIN_PATH", plugins).run();
    let config = sandbox.write(
        "policy-config.yaml",
        "pack: {name: demo, version: 1.0.0, enabled: true}\n\
         providers: {targets: [{id: echo, provider: echo}]}\npolicies: {chain: []}\n",
    );
    let file = config.display();
    kt(&format!("gateway create --name edge --file {file}")).ok();
    // kt refuses to install a service from the temporary directory of a build.
    let executable: PathBuf = dist().join("bin/kt");
    kt(&format!(
        "gateway install --id edge --backend my-runit --executable {} \
         --listen 127.0.0.1:{} --admin-listen 127.0.0.1:{}",
        executable.display(),
        free_port(),
        free_port()
    ))
    .ok();
    let status = kt("gateway status -o json");
    assert_eq!(status.ok().text_at("/service/supervisor"), "runit");
    assert_eq!(status.text_at("/service/active_state"), "active");
    kt("gateway uninstall --yes").ok();
    let left = sandbox.root().join("home/service/kt-gateway");
    assert!(!left.exists(), "{} is left", left.display());
}

#[test]
fn a_new_service_backend_in_c_runs_gateways() {
    let (Some(_cc), Some(make), Some(runsvdir)) = (tool("cc"), tool("make"), tool("runsvdir"))
    else {
        return;
    };
    backend_works("--lang c", "json.h: ok", &make, &runsvdir);
}

#[test]
fn a_new_service_backend_in_rust_runs_gateways() {
    let (Some(make), Some(runsvdir)) = (tool("make"), tool("runsvdir")) else {
        return;
    };
    let options = format!("--lang rust {}", sdk());
    backend_works(
        &options,
        "states_of_runit_are_evaluated ... ok",
        &make,
        &runsvdir,
    );
}

/// Without the service manager, the checks run that do not need it.
#[test]
fn a_new_service_backend_is_tested_without_its_service_manager() {
    let (Some(_cc), Some(make_program)) = (tool("cc"), tool("make")) else {
        return;
    };
    let sandbox = Sandbox::new();
    create(&sandbox, "--lang c --kind service my-runit").ok();
    make(&sandbox, &make_program, "my-runit", "test")
        .run()
        .ok()
        .stdout_contains("no runsvdir runs over")
        .stderr_contains("0 failed");
}

/// The template is the plugin that the tests of services run under a real supervisord.
#[test]
fn a_new_service_backend_in_python_passes_its_tests() {
    let (Some(_python), Some(make_program)) = (tool("python3"), tool("make")) else {
        return;
    };
    let sandbox = Sandbox::new();
    create(&sandbox, "--lang python --kind service my-backend").ok();
    has_its_documents(&sandbox.root().join("my-backend"));
    make(&sandbox, &make_program, "my-backend", "test")
        .run()
        .ok()
        .stdout_contains("python3 -m unittest")
        .stdout_contains("supervisord")
        .stderr_contains("5 passed, 0 failed");
    let plugins = sandbox.root().join("my-backend/build");
    let listed = sandbox.kt_line("plugin verify my-backend -o json");
    let listed = listed.env("KT_PLUGIN_PATH", &plugins).run();
    assert_eq!(listed.ok().text_at("/0/state"), "ok");
}

#[test]
fn names_that_cannot_be_used_are_refused() {
    let sandbox = Sandbox::new();
    for name in ["Demo", "a/b", "..", "2a", "a-", "a_b", ""] {
        let line = ["plugin", "new", "--lang", "c", "--kind", "command", name];
        let refused = sandbox.kt(line).run();
        refused.exits(2).stderr_contains("not a valid name");
    }
    create(&sandbox, "--lang rust --kind service match")
        .exits(2)
        .stderr_contains("`my-match`");
    for name in ["gateway", "proxy", "plugin", "version", "help"] {
        create(&sandbox, &format!("--lang c --kind command {name}"))
            .exits(6)
            .stderr_contains(&format!("the command `kt {name}` already exists"));
    }
    create(&sandbox, "--lang c --kind service gateway-run")
        .exits(6)
        .stderr_contains("the plugin `gateway-run` already exists");
    create(&sandbox, "--lang c --kind service systemd")
        .exits(6)
        .stderr_contains("the provider `systemd` of `kt.service/1` already exists");
    create(&sandbox, "--lang pascal --kind command a").exits(2);
    let written = ["gateway", "systemd", "match", "a"];
    assert!(
        !written
            .iter()
            .any(|name| sandbox.root().join(name).exists())
    );
}

#[test]
fn an_existing_directory_is_not_changed() {
    let sandbox = Sandbox::new();
    let demo = sandbox.root().join("demo");
    fs::create_dir(&demo).expect("the sandbox is writable");
    let exists = create(&sandbox, "--lang c --kind command demo");
    exists.exits(6).stderr_contains("already exists");
    assert_eq!(fs::read_dir(&demo).expect("it exists").count(), 0);
}
