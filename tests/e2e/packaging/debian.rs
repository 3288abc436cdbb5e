//! The Debian packages: what lintian says, and their life with dpkg below another root.

use crate::harness::{CommandOutput, Sandbox, TestCommand, dist, free_port, http, tool, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A gateway that answers without a provider.
const CONFIGURATION: &str = "\
pack: {name: packaged, version: 1.0.0, enabled: true}
providers:
  targets:
    - {id: echo, provider: echo}
policies: {chain: []}
policy: {}
";

/// The packages of the staged tree with the revisions 1 and 2, which are made once.
struct Packages {
    first: Vec<PathBuf>,
    second: Vec<PathBuf>,
    _sandbox: Sandbox,
}

static PACKAGES: LazyLock<Packages> = LazyLock::new(|| {
    let sandbox = Sandbox::new();
    Packages {
        first: make(&sandbox, "one", "1"),
        second: make(&sandbox, "two", "2"),
        _sandbox: sandbox,
    }
});

/// Makes the packages of the staged tree in a folder of a sandbox.
fn make(sandbox: &Sandbox, folder: &str, revision: &str) -> Vec<PathBuf> {
    let made = sandbox
        .program(&workspace().join("packaging/debian"))
        .args([&dist(), &sandbox.path(folder), Path::new(revision)])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .limit(Duration::from_secs(300))
        .run();
    made.ok().stdout.lines().map(PathBuf::from).collect()
}

/// A root below which dpkg installs.
struct Machine {
    sandbox: Sandbox,
    dpkg: PathBuf,
}

impl Machine {
    /// Returns a machine without packages; `None` where there is no dpkg.
    fn new() -> Option<Self> {
        let (dpkg, _) = (tool("dpkg")?, tool("dpkg-deb")?);
        let sandbox = Sandbox::new();
        let state = sandbox.path("machine/var/lib/dpkg");
        for folder in ["updates", "info"] {
            fs::create_dir_all(state.join(folder)).expect("the sandbox is writable");
        }
        for file in ["status", "available"] {
            fs::write(state.join(file), "").expect("the sandbox is writable");
        }
        Some(Self { sandbox, dpkg })
    }

    fn root(&self) -> PathBuf {
        self.sandbox.path("machine")
    }

    fn dpkg(&self, args: &[&Path]) -> CommandOutput {
        let run = self
            .sandbox
            .program(&self.dpkg)
            .arg(format!("--root={}", self.root().display()))
            .arg("--log=/dev/null")
            // The C library of this root is that of the machine.
            .args([
                "--force-not-root",
                "--force-depends",
                "--force-script-chrootless",
            ]);
        run.args(args)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .limit(Duration::from_secs(120))
            .run()
    }

    fn install(&self, packages: &[PathBuf]) {
        let mut args = vec![Path::new("--install")];
        args.extend(packages.iter().map(PathBuf::as_path));
        self.dpkg(&args).ok();
    }

    fn kt(&self, line: &str) -> TestCommand {
        let kt = self.root().join("usr/bin/kt");
        self.sandbox.program(&kt).args(line.split_whitespace())
    }
}

#[test]
fn lintian_finds_no_error() {
    let (Some(machine), Some(lintian)) = (Machine::new(), tool("lintian")) else {
        return;
    };
    let packages = &PACKAGES.first;
    assert_eq!(packages.len(), 7, "{packages:?}");
    let checked = machine
        .sandbox
        .program(&lintian)
        .args([
            "--fail-on",
            "error",
            "--allow-root",
            "--tag-display-limit",
            "0",
        ])
        .args(packages)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .limit(Duration::from_secs(300))
        .run();
    checked.ok().stdout_excludes("E: ");
}

#[test]
fn the_same_tree_gives_the_same_packages() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let again = make(&machine.sandbox, "again", "1");
    assert_eq!(again.len(), PACKAGES.first.len());
    for (first, again) in PACKAGES.first.iter().zip(&again) {
        let (a, b) = (fs::read(first), fs::read(again));
        assert!(
            a.expect("it was made") == b.expect("it was made"),
            "{}",
            again.display()
        );
    }
}

#[test]
fn an_upgrade_under_a_running_gateway_fails_no_request() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.install(&PACKAGES.first);
    let file = machine.sandbox.write("policy-config.yaml", CONFIGURATION);
    let port = free_port();
    let line = format!(
        "gateway run --policy-config {} --listen 127.0.0.1:{port}",
        file.display()
    );
    let mut gateway = machine.kt(&line).spawn();
    let is_ready = |_: &str, _: &str| {
        http(port, "GET", "/readyz", &[], "")
            .ok()
            .filter(|r| r.status == 200)
    };
    let _ready = gateway.wait_for("readiness", Duration::from_secs(30), is_ready);

    let (upgraded, answered, failed) = (
        AtomicBool::new(false),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let next = &PACKAGES.second;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let body = r#"{"model":"echo","messages":[{"role":"user","content":"hello"}]}"#;
            let json = [("content-type", "application/json")];
            // Some requests follow the upgrade.
            let mut after = 0;
            while after < 20 {
                let response = http(port, "POST", "/v1/chat/completions", &json, body);
                let is_right = response.is_ok_and(|r| r.status == 200 && r.body.contains("hello"));
                let counter = if is_right { &answered } else { &failed };
                counter.fetch_add(1, Ordering::Relaxed);
                after += usize::from(upgraded.load(Ordering::Acquire));
            }
        });
        machine.install(next);
        upgraded.store(true, Ordering::Release);
    });
    assert_eq!(failed.into_inner(), 0);
    assert!(answered.into_inner() > 20);
    assert!(gateway.is_running());
    machine
        .dpkg(&[Path::new("--status"), Path::new("kt-gateway-run")])
        .ok()
        .stdout_contains("0.1.0-2");
    machine.kt("plugin verify").run().ok();
}

#[test]
fn packages_are_removed_one_by_one() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.install(&PACKAGES.first);
    machine.kt("gateway create --name production").run().ok();
    let remove = |package: &str| {
        machine
            .dpkg(&[Path::new("--remove"), Path::new(package)])
            .ok();
    };
    remove("kt-gateway-config");
    let missing = machine.kt("gateway diff --file x").run();
    missing
        .exits(9)
        .stderr_contains("install the package `kt-gateway-config`");
    machine
        .kt("gateway list")
        .run()
        .ok()
        .stdout_contains("production");
    for package in [
        "kt-gateway-service",
        "kt-service-systemd",
        "kt-gateway-run",
        "kt-gateway-control",
    ] {
        remove(package);
        machine.kt("plugin list").run().ok();
    }
    let missing = machine.kt("gateway list").run();
    missing
        .exits(9)
        .stderr_contains("install the package `kt-gateway-control`");
    remove("kt-control-plane");
    remove("kt");
    assert!(!machine.root().join("usr/bin/kt").exists());
    assert!(
        !machine.root().join("usr/lib/kt").exists(),
        "nothing stays behind"
    );
}
