//! Libraries in other languages than C and Rust, which are built from the header.

use super::plugin_dir::{PluginDir, in_both_modes};
use crate::harness::{Sandbox, TIMEOUT, tool, tool_at, workspace};
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A plugin that is built for a test.
struct Built {
    name: &'static str,
    manifest: String,
    library: Vec<u8>,
}

impl Built {
    /// Runs the compiler, whose caches in `target` make all builds but the first one fast.
    fn run(name: &'static str, commands: &mut [Command], library: &Path) -> Self {
        for command in commands {
            let out = command.output().expect("the compiler can be started");
            let stderr = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success(), "{command:?}: {stderr}");
        }
        let manifest = fs::read_to_string(source(name).join("plugin.toml"));
        Self {
            name,
            manifest: manifest.expect("the plugin has a manifest"),
            library: fs::read(library).expect("the compiler wrote it"),
        }
    }

    fn zig() -> Option<Self> {
        let python = tool_at(&workspace().join("target/test-venv/bin/python3"))?;
        let dir = tempfile::tempdir().expect("a temporary directory can be created");
        let (sources, name) = (dir.path(), "greeter-zig");
        for file in ["greeter.zig", "plugin.toml"] {
            fs::copy(source(name).join(file), sources.join(file)).expect("the source exists");
        }
        let cache = workspace().join("target/zig-cache");
        let zig = |args: &[&str]| {
            let mut command = Command::new(&python);
            command.args(["-m", "ziglang"]).args(args);
            command.arg("--cache-dir").arg(&cache);
            command.arg("--global-cache-dir").arg(&cache);
            command.current_dir(sources);
            command
        };
        let header = workspace().join("plugin-api/include/kt_plugin.h");
        let output = fs::File::create(sources.join("kt_plugin.zig"));
        let mut translate = zig(&["translate-c", "-lc"]);
        translate.arg(header);
        let status = translate
            .stdout(output.expect("the directory is writable"))
            .status();
        assert!(status.is_ok_and(|s| s.success()), "{translate:?}");
        let build = zig(&[
            "build-lib",
            "-dynamic",
            "-lc",
            "-fPIC",
            "-fstrip",
            "-OReleaseSafe",
            "-femit-bin=plugin.so",
            "greeter.zig",
        ]);
        Some(Self::run(name, &mut [build], &sources.join("plugin.so")))
    }

    fn go() -> Option<Self> {
        let go = tool("go")?;
        let dir = tempfile::tempdir().expect("a temporary directory can be created");
        let library = dir.path().join("plugin.so");
        let include = workspace().join("plugin-api/include");
        let mut build = Command::new(go);
        build
            .args([
                "build",
                "-buildmode=c-shared",
                "-buildvcs=false",
                "-trimpath",
            ])
            .args(["-ldflags", "-s -w", "-o"])
            .args([&library, Path::new(".")])
            .env("CGO_ENABLED", "1")
            .env("CGO_CFLAGS", format!("-O2 -I{}", include.display()))
            .env("GOCACHE", workspace().join("target/go-cache"))
            .env("GOPATH", dir.path().join("go"))
            .env("GOPROXY", "off")
            .current_dir(source("greeter-go"));
        Some(Self::run("greeter-go", &mut [build], &library))
    }

    fn install(&self, dir: &PluginDir<'_>) {
        dir.put(&self.manifest, &self.library);
        let cases = source(self.name).join("plugin-test.toml");
        let copy = dir.path().join(self.name).join("plugin-test.toml");
        fs::copy(cases, copy).expect("the plugin has cases");
    }

    /// What a user does with it, under the first word of its commands.
    fn works(&self, word: &str) {
        in_both_modes(|dir| {
            self.install(dir);
            let named = dir.kt(&format!("{word} hello --name you")).run();
            assert_eq!(named.ok().stdout, "hello, you\n");
            assert_eq!(named.stderr, "", "{named}");
            let failed = dir.kt(&format!("{word} fail -o json")).run();
            assert_eq!(failed.exits(5).error()["id"], "no-greeting");
            for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
                let mut running = dir.kt(&format!("{word} wait")).spawn();
                let waiting = |_: &str, err: &str| err.contains("waiting").then_some(());
                running.wait_for("readiness", TIMEOUT, waiting);
                running.signal(signal);
                running.wait(TIMEOUT).exits(code);
            }
        });
    }

    /// `kt plugin test` passes; only the named checks are skipped.
    fn passes_the_kit(&self, skipped: &[&str]) {
        let sandbox = Sandbox::new();
        let dir = PluginDir::new(&sandbox);
        self.install(&dir);
        let path = dir.path().join(self.name);
        let report = dir.kt("plugin test -o json").arg(path).run();
        let checks = report.ok().at("/checks");
        let checks = checks.as_array().into_iter().flatten();
        let others = checks.filter(|c| c["result"] != "passed");
        let others: Vec<_> = others.filter_map(|c| c["id"].as_str()).collect();
        assert_eq!(others, skipped, "{report}");
    }
}

fn source(name: &str) -> std::path::PathBuf {
    workspace().join("tests/plugins").join(name)
}

#[test]
fn a_plugin_in_zig_works_like_any_other() {
    if let Some(plugin) = Built::zig() {
        plugin.works("zig");
        plugin.passes_the_kit(&[]);
    }
}

/// The runtime of Go replaces the actions of fault signals and of SIGPIPE when the library is
/// loaded, and makes the handlers of all other signals run on an alternate stack. Faults in Go are panics, which the plugin turns into errors; all others are
/// passed on to kt.
#[test]
fn a_plugin_in_go_works_like_any_other() {
    let Some(plugin) = Built::go() else { return };
    plugin.works("go");
    plugin.passes_the_kit(&["run go fault"]);
    in_both_modes(|dir| {
        plugin.install(dir);
        let recovered = dir.kt("go fault --in go").run();
        recovered
            .exits(9)
            .stderr_contains("invalid memory address or nil pointer dereference");
        let crashed = dir.kt("go fault --in c").run();
        crashed.stderr_contains(
            "plugin `greeter-go` 1.0.0 crashed with SIGSEGV (invalid memory reference) in \
             command `go fault`",
        );
        let ended = (crashed.signal(), crashed.code());
        assert!(
            matches!(ended, (Some(11), None) | (None, Some(9))),
            "{crashed}"
        );
    });
}
