//! `make install`, and the archives.

use crate::harness::{
    CommandOutput, Sandbox, TestCommand, copy_tree, dist, files_below, tool, workspace,
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

    /// Runs a target of the Makefile, with neither cargo nor a compiler on the path.
    fn make(&self, target: &str, more: &[&str]) -> Option<CommandOutput> {
        let make = tool("make")?;
        let run = self
            .sandbox
            .program(&make)
            .cwd(workspace())
            .args(["--no-print-directory", target, "PREFIX=/usr"])
            .arg(format!("DIST={}", dist().display()))
            .arg(format!("DESTDIR={}", self.root.display()))
            .args(more)
            .env("PATH", "/usr/bin:/bin");
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
    let files = installation.files();
    let (shared, others): (Vec<String>, _) = files
        .into_iter()
        .partition(|file| file.starts_with("usr/share/"));
    for file in [
        "usr/share/man/man1/kt.1",
        "usr/share/man/man1/kt-gateway-create.1",
        "usr/share/bash-completion/completions/kt",
        "usr/share/zsh/site-functions/_kt",
        "usr/share/fish/vendor_completions.d/kt.fish",
        "usr/share/doc/kt/licenses.txt",
    ] {
        assert!(
            shared.iter().any(|found| found == file),
            "{file}: {shared:?}"
        );
    }
    let page = "usr/share/man/man1/kt-gateway-diff.1";
    assert!(
        !shared.iter().any(|file| file == page),
        "a page of a plugin that is left out"
    );
    assert_eq!(
        others,
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
fn only_the_service_backend_of_the_platform_is_installed() {
    let installation = Installation::new();
    let Some(output) = installation.make("install", &[]) else {
        return;
    };
    output.ok();
    let count = |name: &str| usize::from(installation.plugins().join(name).exists());
    assert_eq!(count("service-systemd") + count("service-launchd"), 1);
    assert_eq!(
        count("service-systemd"),
        usize::from(cfg!(target_os = "linux"))
    );
    assert!(installation.plugins().join("gateway-run").exists());
}

#[test]
fn nothing_is_installed_before_something_is_staged() {
    let installation = Installation::new();
    let empty = format!("DIST={}", installation.sandbox.path("empty").display());
    let Some(output) = installation.make("install", &[&empty]) else {
        return;
    };
    assert_ne!(output.code(), Some(0), "{output}");
    output.stderr_contains("run `make build` first");
    assert!(!installation.root.exists());
}

/// Makes the archive of the staged tree in a folder.
fn archive(installation: &Installation, folder: &str) -> PathBuf {
    let target = installation.sandbox.path(folder);
    let packaged = installation
        .sandbox
        .program(&workspace().join("packaging/archive"))
        .args([&dist(), Path::new("a-b-c"), &target])
        .env("SOURCE_DATE_EPOCH", "1700000000");
    PathBuf::from(packaged.run().ok().stdout.trim())
}

#[test]
fn an_archive_has_manual_pages_and_completions() {
    let installation = Installation::new();
    let Some(tar) = tool("tar") else {
        return;
    };
    let archive = archive(&installation, "packaged");
    assert!(
        archive.ends_with("kt-0.1.0-a-b-c.tar.gz"),
        "{}",
        archive.display()
    );
    let unpack = installation.sandbox.program(&tar).arg("-xzf").arg(&archive);
    unpack.arg("--strip-components=1").run().ok();
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
        sections[..5],
        ["NAME", "SYNOPSIS", "DESCRIPTION", "ARGUMENTS", "OPTIONS"],
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

#[test]
fn the_same_tree_gives_the_same_archive() {
    let installation = Installation::new();
    if tool("tar").is_none() {
        return;
    }
    let first = fs::read(archive(&installation, "first")).expect("it was made");
    let second = fs::read(archive(&installation, "second")).expect("it was made");
    assert!(
        first == second,
        "{} and {} bytes",
        first.len(),
        second.len()
    );
}
