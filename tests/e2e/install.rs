//! `make install`: what a distribution does with it.

use crate::harness::{
    CommandOutput, Sandbox, TestCommand, cargo, copy_tree, dist, files_below, tool, workspace,
};
use std::fs;
use std::path::{Path, PathBuf};

/// What a distribution installs first: the host with one backend.
const CHOSEN: &str = "gateway-control gateway-service control-plane service-systemd";
/// The backend that is added later.
const LATER: &str = "service-launchd";

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

    /// Runs a target of the Makefile. The tree is staged beside the sandbox,
    /// not where other tests are running it.
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
    let there = Installation::new();
    let Some(made) = there.make("install", &[&format!("PLUGINS={CHOSEN}")]) else {
        return;
    };
    made.ok();
    assert_eq!(
        there.files(),
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
    there.kt("gateway create --name production").run().ok();
    let missing = there.kt("gateway diff --file x").run();
    missing
        .exits(9)
        .err_has("install the package `kt-gateway-config`");
    let install = |backend: &str| {
        let line = format!("gateway install --id production --print --backend {backend}");
        there.kt(&line).run()
    };
    install("systemd").ok().out_has("[Service]");
    let missing = install("launchd");
    missing
        .exits(9)
        .err_has("install the package `kt-service-launchd`");
    let bundled = dist().join("lib/kt/plugins").join(LATER);
    copy_tree(&bundled, &there.plugins().join(LATER));
    install("launchd").ok().out_has("<plist");
    there.kt("plugin verify").run().ok().out_has(LATER);

    there.make("uninstall", &[]).expect("make is there").ok();
    assert_eq!(there.files(), Vec::<String>::new());
}

#[test]
fn an_unknown_plugin_is_refused_before_anything_is_installed() {
    let there = Installation::new();
    let Some(made) = there.make("install", &["PLUGINS=gateway-control gateway-nonsense"]) else {
        return;
    };
    assert_ne!(made.code(), Some(0), "{made}");
    made.err_has("unknown plugin gateway-nonsense");
    assert!(!there.root.exists(), "{:?}", there.files());
}

#[test]
fn plugins_may_lie_elsewhere() {
    let there = Installation::new();
    let more = ["PLUGINDIR=/opt/kt/plugins", &format!("PLUGINS={CHOSEN}")];
    let Some(made) = there.make("install", &more) else {
        return;
    };
    made.ok();
    let plugins = there.root.join("opt/kt/plugins");
    assert!(
        plugins.join("gateway-control/plugin.toml").is_file(),
        "{:?}",
        there.files()
    );
    let run = there.kt("gateway list").env("KT_PLUGIN_PATH", &plugins);
    run.run().ok();
    let missing = there
        .kt("gateway diff --file x")
        .env("KT_PLUGIN_PATH", &plugins)
        .run();
    missing.exits(9).err_has("install the package");
    let readable = fs::read_dir(&plugins).expect("it is there").count();
    assert_eq!(readable, CHOSEN.split(' ').count());
}

#[test]
fn an_archive_has_manual_pages_and_completions() {
    let there = Installation::new();
    let target = there.sandbox.root().join("packaged");
    let dist = dist();
    let (Some(tar), script) = (tool("tar"), workspace().join(".ci/package")) else {
        return;
    };
    let packaged = there
        .sandbox
        .program(&script)
        .args([&dist, Path::new("a-b-c"), &target]);
    let archive = packaged.run().ok().stdout.trim().to_owned();
    assert!(archive.ends_with("-a-b-c.tar.gz"), "{archive}");
    let unpack = there
        .sandbox
        .program(&tar)
        .args(["-xzf", &archive, "--strip-components=1"]);
    unpack.run().ok();
    let page = |name: &str| {
        let path = there.sandbox.path("share/man/man1").join(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    assert!(page("kt.1").contains(".SH COMMANDS"), "{}", page("kt.1"));
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
        let path = there.sandbox.path("share").join(completion);
        assert!(path.is_file(), "{}", path.display());
    }
    let kt = there.sandbox.path("bin/kt");
    there
        .sandbox
        .program(&kt)
        .args(["plugin", "verify"])
        .run()
        .ok();
}
