//! Installation, update and removal of plugins of the user, and which are used.

use super::plugin_dir::CPlugin;
use super::user_plugins::{UserPlugins, write};
use crate::harness::Sandbox;
use std::fs;
use std::path::Path;

#[test]
fn a_plugin_is_installed_from_a_directory_a_library_and_an_archive() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let source = plugins.source("probe-build");
    fs::write(source.join("README.md"), "hello").expect("the sandbox is writable");
    fs::write(source.join("build.log"), "secret").expect("the sandbox is writable");
    let archive = plugins.archive(&source, "probe.tar.gz");
    for artifact in [source.clone(), source.join("libprobe.so"), archive] {
        let installed = plugins.install(&artifact, "-o json");
        assert_eq!(installed.ok().text_at("/0/result"), "installed");
        assert_eq!(installed.text_at("/0/tier"), "locked");
        plugins.run_ok().stderr_excludes("kt:");
        let (state, tier, _) = plugins.listed();
        assert_eq!((state.as_str(), tier.as_str()), ("ok", "locked"));
        assert!(!plugins.probe().join("build.log").exists());
        // The second time, nothing changes.
        let again = plugins.install(&artifact, "-o json");
        assert_eq!(again.ok().text_at("/0/result"), "unchanged");
        plugins.kt("plugin verify probe").run().ok();
        plugins.kt("plugin remove probe").run().ok();
        assert!(!plugins.probe().exists());
        plugins.kt("probe hello").run().exits(2);
        let lock = fs::read_to_string(plugins.lock()).expect("it exists");
        assert!(!lock.contains("probe"), "{lock}");
    }
}

#[test]
fn an_installation_needs_a_confirmation_and_replaces_only_with_force() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let (one, two) = (plugins.source("one"), plugins.source_2("two"));
    let line = format!("plugin install {}", one.display());
    let asked = plugins.kt(&line).run();
    asked
        .exits(2)
        .stderr_contains("pass `--yes`")
        .stderr_contains("not signed");
    assert!(!plugins.probe().exists());
    plugins.install(&one, "").ok();
    let refused = plugins.install(&two, "");
    refused.exits(6).stderr_contains("already installed");
    assert!(
        plugins
            .kt("plugin info probe -o json")
            .run()
            .text_at("/version")
            == "1.0.0"
    );
    plugins.install(&two, "--force").ok();
    assert!(
        plugins
            .kt("plugin info probe -o json")
            .run()
            .text_at("/version")
            == "2.0.0"
    );
    plugins.runs();
}

#[test]
fn an_update_installs_from_the_same_source() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let source = plugins.source("source");
    plugins.kt("plugin update").run().ok();
    plugins.install(&source, "").ok();
    let unchanged = plugins.kt("plugin update probe -o json").run();
    assert_eq!(unchanged.ok().text_at("/0/result"), "unchanged");
    drop(plugins.source_2("source"));
    let asked = plugins.kt("plugin update probe").run();
    asked.exits(2).stderr_contains("--yes");
    let updated = plugins.kt("plugin update --yes -o json").run();
    assert_eq!(updated.ok().text_at("/0/version"), "2.0.0");
    plugins.runs();
    fs::remove_dir_all(&source).expect("the sandbox is writable");
    let missing = plugins.kt("plugin update probe --yes").run();
    missing.exits(5).stderr_contains("does not exist");
    plugins.runs();
    let absent = plugins.kt("plugin update prob").run();
    absent.exits(5).stderr_contains("did you mean `probe`?");
}

#[test]
fn what_cannot_be_used_is_not_installed() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let probe = CPlugin::probe;
    let source = |name: &str, plugin: &CPlugin| plugins.source_of(name, plugin, &plugins.library);
    let tiny = plugins.sandbox.write("tiny", "no plugin");
    let gzip = plugins.sandbox.write("gzip", b"\x1f\x8b\x08no archive");
    let empty = plugins.sandbox.path("empty");
    fs::create_dir(&empty).expect("the sandbox is writable");
    let half = plugins.source("half");
    let cut = &plugins.library[..plugins.library.len() / 2];
    write(&half, probe().text().as_bytes(), cut);
    let newer = probe().manifest("api = \"^1.0\"", "api = \"^1.9\"");
    let other = probe().manifest("about = \"Behave\"", "about = \"Behave well\"");
    let bundled = CPlugin::probe_named("gateway-run");
    let clash = CPlugin::probe_named("thief").manifest("[\"thief\", \"hello\"]", "[\"init\"]");
    let compile = |plugin: &CPlugin| plugin.compile(&plugins.sandbox.root().join("tmp"));
    let (Some(of_bundled), Some(of_clash)) = (compile(&bundled), compile(&clash)) else {
        return;
    };
    let library = |dir: &Path, name: &str| {
        let file = dir.join("libprobe.so");
        fs::rename(file, dir.join(name)).expect("the sandbox is writable");
    };
    let bundled = plugins.source_of("bundled", &bundled, &of_bundled);
    library(&bundled, "libgateway-run.so");
    let clash = plugins.source_of("clash", &clash, &of_clash);
    library(&clash, "libthief.so");
    for (artifact, code, reason) in [
        (plugins.sandbox.path("absent"), 5, "does not exist"),
        (tiny, 2, "neither a directory, a library nor"),
        (gzip, 2, "the archive is damaged"),
        (empty, 2, "`plugin.toml`: No such file"),
        (half, 9, "truncated"),
        (
            source("newer", &newer),
            9,
            "needs a kt with plugin API ^1.9",
        ),
        (
            source("other", &other),
            9,
            "differs from the one in the library",
        ),
        (bundled, 6, "has precedence"),
        (clash, 6, "declares the command `init`"),
    ] {
        let output = plugins.install(&artifact, "");
        output
            .exits(code)
            .stderr_contains(reason)
            .stderr_excludes(".staging");
    }
    let installed = fs::read_dir(plugins.dir()).expect("it was created").count();
    assert_eq!(installed, 0, "nothing remains of a failed installation");
    assert!(!plugins.lock().exists());
}

#[test]
fn a_disabled_plugin_is_not_used() {
    let sandbox = Sandbox::new();
    let kt = |line: &str| sandbox.kt_line(line).run();
    kt("plugin disable gateway-config").ok();
    kt("plugin disable gateway-config").ok();
    let refused = kt("init --list");
    refused
        .exits(9)
        .stderr_contains("`kt plugin enable gateway-config`");
    kt("plugin list").ok().stdout_contains("disabled");
    kt("doctor -o json").stdout_contains("it is disabled");
    kt("version -o json").ok().stdout_excludes("gateway-config");
    kt("plugin enable gateway-config").ok();
    kt("init --list").ok();
    kt("plugin disable gateway-confi")
        .exits(5)
        .stderr_contains("did you mean");
    let removed = kt("plugin remove gateway-config");
    removed
        .exits(6)
        .stderr_contains("kt plugin disable gateway-config");
    // Several at once, which are results in a list.
    let both = kt("plugin disable gateway-config gateway-run -o json");
    assert_eq!(both.ok().text_at("/0/name"), "gateway-config");
    assert_eq!(both.text_at("/1/name"), "gateway-run");
    kt("plugin enable gateway-run absent").exits(5);
    kt("plugin enable gateway-config gateway-run")
        .ok()
        .stdout_contains("enabled gateway-config\nenabled gateway-run\n");
}

#[test]
fn of_several_plugins_all_or_none_are_removed() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    plugins.install(&plugins.source("source"), "").ok();
    let refused = plugins.kt("plugin remove probe gateway-run").run();
    refused
        .exits(6)
        .stderr_contains("kt plugin disable gateway-run");
    assert!(plugins.probe().exists());
    let removed = plugins.kt("plugin remove probe probe -o json").run();
    assert_eq!(removed.ok().text_at("/name"), "probe");
    assert!(!plugins.probe().exists());
}

/// The handler of fault signals appends a line to the journal.
#[test]
fn a_plugin_that_crashed_in_three_runs_is_quarantined() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    plugins.install(&plugins.source("source"), "").ok();
    let journal = plugins.sandbox.home().join("state/plugins.journal");
    let crash = |count: usize| {
        fs::create_dir_all(journal.parent().expect("it has one")).expect("it is writable");
        let lines = "crash probe 1.0.0\n".repeat(count);
        fs::write(&journal, lines).expect("it is writable");
    };
    crash(2);
    plugins
        .kt("doctor -o json")
        .run()
        .stdout_contains("its last 2 runs");
    // A run without a crash is recorded, once.
    plugins.runs();
    let text = fs::read_to_string(&journal).expect("it exists");
    assert!(text.ends_with("success probe 1.0.0\n"), "{text}");
    plugins.runs();
    assert_eq!(fs::read_to_string(&journal).expect("it exists"), text);
    crash(3);
    let refused = plugins.kt("probe hello").run();
    refused
        .exits(9)
        .stderr_contains("version 1.0.0 crashed in each of its last 3 runs")
        .stderr_contains("`kt plugin enable probe`");
    assert_eq!(plugins.listed().0, "quarantined");
    plugins.kt("gateway list").run().ok();
    plugins.kt("plugin enable probe").run().ok();
    plugins.runs();
    // Another version has not crashed.
    crash(3);
    plugins.install(&plugins.source_2("two"), "--force").ok();
    plugins.runs();
}

#[test]
fn the_options_exclude_plugins() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    plugins.drop_in();
    plugins.kt("probe hello").run().ok();
    plugins.kt("--only-bundled probe hello").run().exits(2);
    plugins.kt("gateway list --only-bundled").run().ok();
    plugins.kt("--no-plugins gateway list").run().exits(2);
    let none = plugins.kt("--no-plugins plugin list -o json").run();
    assert_eq!(none.ok().stdout.trim(), "[]");
    plugins
        .kt("--no-plugins --only-bundled version")
        .run()
        .exits(2);
}
