//! `make install` and `make package`, as a distribution uses them.

use crate::harness::{
    CommandOutput, Sandbox, TestCommand, cargo, copy_tree, dist, files_below, tool, workspace,
};
use std::fs;
use std::path::{Path, PathBuf};

/// The plugins that a distribution installs: those with one backend.
const INSTALLED: &str = "gateway-control gateway-service control-plane service-systemd";
/// The backend that is added later.
const ADDED: &str = "service-launchd";

/// An installation below a sandbox.
struct Installation {
    sandbox: Sandbox,
    root: PathBuf,
}

impl Installation {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let root = sandbox.root().join("package");
        Self { sandbox, root }
    }

    /// Runs a target of the Makefile. The tree is staged in the sandbox, since
    /// other tests run the usual one.
    fn make(&self, target: &str, more: &[&str]) -> Option<CommandOutput> {
        let make = tool("make")?;
        let cargo = cargo();
        let bin = cargo.parent().unwrap_or(Path::new("/usr/bin"));
        let mut run = self
            .sandbox
            .program(&make)
            .cwd(workspace())
            .args([
                "--no-print-directory",
                target,
                "PROFILE=staging",
                "PREFIX=/usr",
            ])
            .arg(format!(
                "DIST={}",
                self.sandbox.root().join("staged").display()
            ))
            .arg(format!("DESTDIR={}", self.root.display()))
            .args(more)
            .env(
                "PATH",
                format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()),
            )
            .limit(std::time::Duration::from_secs(1200));
        for name in [
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "CARGO_TARGET_DIR",
            "RUSTUP_TOOLCHAIN",
        ] {
            if let Some(value) = std::env::var_os(name) {
                run = run.env(name, value);
            }
        }
        Some(run.run())
    }

    fn kt(&self, line: &str) -> TestCommand {
        let kt = self.root.join("usr/bin/kt");
        self.sandbox.program(&kt).args(line.split_whitespace())
    }

    fn plugins(&self) -> PathBuf {
        self.root.join("usr/lib/kt/plugins")
    }

    fn files(&self) -> Vec<String> {
        let files = files_below(&self.root, &[]);
        let inside = files.iter().filter_map(|f| f.strip_prefix(&self.root).ok());
        inside.map(|f| f.display().to_string()).collect()
    }
}

#[test]
fn a_distribution_chooses_its_plugins_and_adds_others_later() {
    let installation = Installation::new();
    let Some(output) = installation.make("install", &[&format!("PLUGINS={INSTALLED}")]) else {
        return;
    };
    output.ok();
    assert_eq!(
        installation.files(),
        [
            "usr/bin/kt",
            "usr/lib/kt/catalog.toml",
            "usr/lib/kt/plugins/control-plane/libcontrol_plane.so",
            "usr/lib/kt/plugins/control-plane/plugin.toml",
            "usr/lib/kt/plugins/gateway-control/libgateway_control.so",
            "usr/lib/kt/plugins/gateway-control/plugin.toml",
            "usr/lib/kt/plugins/gateway-service/libgateway_service.so",
            "usr/lib/kt/plugins/gateway-service/plugin.toml",
            "usr/lib/kt/plugins/service-systemd/libservice_systemd.so",
            "usr/lib/kt/plugins/service-systemd/plugin.toml",
        ]
    );
    installation
        .kt("gateway create --name production")
        .run()
        .ok();
    let missing = installation.kt("gateway diff --file x").run();
    missing
        .exits(9)
        .stderr_contains("install the package `kt-gateway-config`");
    let install = |backend: &str| {
        let line = format!("gateway install --id production --print --backend {backend}");
        installation.kt(&line).run()
    };
    install("systemd").ok().stdout_contains("[Service]");
    let missing = install("launchd");
    missing
        .exits(9)
        .stderr_contains("install the package `kt-service-launchd`");
    let bundled = dist().join("lib/kt/plugins").join(ADDED);
    copy_tree(&bundled, &installation.plugins().join(ADDED));
    install("launchd").ok().stdout_contains("<plist");
    installation
        .kt("plugin verify")
        .run()
        .ok()
        .stdout_contains(ADDED);

    installation
        .make("uninstall", &[])
        .expect("make is installed")
        .ok();
    assert_eq!(installation.files(), Vec::<String>::new());
}

#[test]
fn an_unknown_plugin_is_rejected_before_anything_is_installed() {
    let installation = Installation::new();
    let Some(output) = installation.make("install", &["PLUGINS=gateway-control gateway-nonsense"])
    else {
        return;
    };
    assert_ne!(output.code(), Some(0), "{output}");
    output.stderr_contains("unknown plugin gateway-nonsense");
    assert!(!installation.root.exists(), "{:?}", installation.files());
}

#[test]
fn plugins_can_be_installed_elsewhere() {
    let installation = Installation::new();
    let more = ["PLUGINDIR=/opt/kt/plugins", &format!("PLUGINS={INSTALLED}")];
    let Some(output) = installation.make("install", &more) else {
        return;
    };
    output.ok();
    let plugins = installation.root.join("opt/kt/plugins");
    assert!(
        plugins.join("gateway-control/plugin.toml").is_file(),
        "{:?}",
        installation.files()
    );
    let run = installation
        .kt("gateway list")
        .env("KT_PLUGIN_PATH", &plugins);
    run.run().ok();
    let missing = installation
        .kt("gateway diff --file x")
        .env("KT_PLUGIN_PATH", &plugins)
        .run();
    missing.exits(9).stderr_contains("install the package");
    let readable = fs::read_dir(&plugins).expect("it exists").count();
    assert_eq!(readable, INSTALLED.split(' ').count());
}

#[test]
fn an_archive_has_manual_pages_and_completions() {
    let installation = Installation::new();
    let target = installation.sandbox.root().join("packaged");
    let dist = dist();
    let (Some(tar), script) = (tool("tar"), workspace().join(".ci/package")) else {
        return;
    };
    let packaged = installation
        .sandbox
        .program(&script)
        .args([&dist, Path::new("a-b-c"), &target]);
    let archive = packaged.run().ok().stdout.trim().to_owned();
    assert!(archive.ends_with("-a-b-c.tar.gz"), "{archive}");
    let unpack =
        installation
            .sandbox
            .program(&tar)
            .args(["-xzf", &archive, "--strip-components=1"]);
    unpack.run().ok();
    let page = |name: &str| {
        let path = installation.sandbox.path("share/man/man1").join(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    assert!(
        page("kt.1").contains(".SH GLOBAL OPTIONS"),
        "{}",
        page("kt.1")
    );
    let create = page("kt-gateway-create.1");
    let sections: Vec<&str> = create
        .lines()
        .filter_map(|l| l.strip_prefix(".SH "))
        .collect();
    assert_eq!(
        sections[..4],
        ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"],
        "{create}"
    );
    for completion in [
        "bash-completion/completions/kt",
        "zsh/site-functions/_kt",
        "fish/vendor_completions.d/kt.fish",
    ] {
        let path = installation.sandbox.path("share").join(completion);
        assert!(path.is_file(), "{}", path.display());
    }
    let kt = installation.sandbox.path("bin/kt");
    installation
        .sandbox
        .program(&kt)
        .args(["plugin", "verify"])
        .run()
        .ok();
}
