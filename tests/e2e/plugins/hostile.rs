//! Libraries and manifests that are damaged, built for another system, or incorrect.
//! Each is refused with exit code 9, name and path; none crashes or blocks the host,
//! and other plugins continue to work.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{CommandOutput, Sandbox, UNPRIVILEGED, make_fifo};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// A sandbox with the C probe and the plugin `misbehaving`, which must continue to
/// work.
struct Scene {
    sandbox: Sandbox,
    good: Vec<u8>,
}

impl Scene {
    fn new() -> Option<Self> {
        let sandbox = Sandbox::new();
        let good = CPlugin::probe().compile(&sandbox.root().join("tmp"))?;
        PluginDir::new(&sandbox).misbehaving();
        Some(Self { sandbox, good })
    }

    fn dir(&self) -> PluginDir<'_> {
        PluginDir::new(&self.sandbox)
    }

    fn put(&self, library: &[u8]) -> PathBuf {
        self.dir().put(CPlugin::probe().text(), library)
    }

    /// Asserts that the probe is refused with `reason`.
    fn refused(&self, library: &Path, reason: &str) {
        let output = self.dir().kt("probe hello").run();
        assert_refused(&output, "probe", library, reason);
        self.dir().kt("misbehave not").run().ok();
        let listed = self.dir().kt("plugin verify probe -o json").run();
        listed.exits(1).stdout_contains("failed");
    }
}

fn assert_refused(output: &CommandOutput, name: &str, path: &Path, reason: &str) {
    output.exits(9).stdout_is_empty().stderr_contains("error:");
    output
        .stderr_contains(name)
        .stderr_contains(&path.display().to_string());
    output.stderr_contains(reason);
}

/// A change of the bytes of a valid library, and the reported reason.
type Damage = (&'static str, fn(&[u8]) -> Vec<u8>, &'static str);

const DAMAGES: [Damage; 10] = [
    ("empty", |_| Vec::new(), "too short"),
    (
        "text",
        |_| b"#!/bin/sh\nexit 0\n".repeat(20),
        "not an ELF library",
    ),
    ("100 bytes", |b| b[..100].to_vec(), "truncated"),
    ("half", |b| b[..b.len() / 2].to_vec(), "truncated"),
    ("a script's worth", |b| b[..1000].to_vec(), "truncated"),
    (
        "another machine",
        |b| patched(b, 18, &[183, 0]),
        "built for aarch64",
    ),
    ("32 bits", |b| patched(b, 4, &[1]), "not a 64-bit"),
    (
        "an executable",
        |b| patched(b, 16, &[2, 0]),
        "not a shared library",
    ),
    ("no program headers", |b| patched(b, 56, &[0, 0]), "damaged"),
    (
        "headers beyond the end",
        |b| patched(b, 32, &[0xff; 8]),
        "truncated",
    ),
];

fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

#[test]
fn damaged_libraries_are_refused() {
    let Some(scene) = Scene::new() else { return };
    for (what, damage, reason) in DAMAGES {
        eprintln!("{what}");
        let library = scene.put(&damage(&scene.good));
        scene.refused(&library, reason);
    }
    let library = scene.put(&scene.good);
    scene.dir().kt("probe hello").run().ok();
    drop(library);
}

/// A truncated or zeroed end never crashes the host: either the rest is sufficient, or
/// there is an error of class `plugin`.
#[test]
fn a_truncated_library_never_crashes_the_host() {
    let Some(scene) = Scene::new() else { return };
    let rust = scene.dir().misbehaving();
    let rust = fs::read(rust).expect("the file exists");
    let manifest = fs::read_to_string(scene.dir().path().join("misbehaving/plugin.toml"));
    let manifest = manifest.expect("the file exists");
    let cases = [
        (
            CPlugin::probe().text().to_owned(),
            scene.good.clone(),
            "probe hello",
        ),
        (manifest, rust, "misbehave not"),
    ];
    for (manifest, whole, line) in cases {
        for cut in [1, 512, 4096] {
            let mut zeroed = whole.clone();
            let end = zeroed.len() - cut;
            zeroed[end..].fill(0);
            for bytes in [whole[..end].to_vec(), zeroed] {
                scene.dir().put(&manifest, &bytes);
                let output = scene.dir().kt(line).run();
                assert!(matches!(output.code(), Some(0 | 9)), "{cut} bytes{output}");
            }
        }
    }
}

#[test]
fn a_library_that_is_not_a_regular_file_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let library = scene.put(b"");
    let replace = |with: &dyn Fn(&Path)| {
        drop(fs::remove_file(&library));
        drop(fs::remove_dir(&library));
        with(&library);
    };
    replace(&|p| fs::create_dir(p).expect("the path is free"));
    scene.refused(&library, "not a regular file");
    replace(&|p| symlink("/nonexistent/library.so", p).expect("the path is free"));
    scene.refused(&library, "No such file");
    replace(&make_fifo);
    scene.refused(&library, "not a regular file");
    replace(&|_| {});
    scene.refused(&library, "No such file");
}

#[test]
fn a_library_that_others_can_change_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let library = scene.put(&scene.good);
    let mode = |mode: u32| {
        fs::set_permissions(&library, fs::Permissions::from_mode(mode)).expect("the test owns it");
    };
    mode(0o646);
    scene.refused(&library, &format!("chmod o-w '{}'", library.display()));
    mode(0o644);
    let dir = library.parent().expect("the library has a parent");
    fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).expect("the test owns it");
    let output = scene.dir().kt("plugin verify probe -o json").run();
    output
        .exits(1)
        .stdout_contains(&format!("`{}` is writable by others", dir.display()));
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).expect("the test owns it");
    scene.dir().kt("probe hello").run().ok();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can change the owner of a file");
        return;
    }
    chown(&library, Some(UNPRIVILEGED), None).expect("root can change it");
    scene.refused(&library, "chown 0");
}

#[test]
fn an_untrusted_manifest_is_not_read() {
    let Some(scene) = Scene::new() else { return };
    scene.put(&scene.good);
    let manifest = scene.dir().path().join("probe/plugin.toml");
    let writable = fs::Permissions::from_mode(0o666);
    fs::set_permissions(&manifest, writable).expect("the test owns it");
    let listed = scene.dir().kt("plugin list -o json").run();
    listed
        .ok()
        .stdout_contains("refused")
        .stderr_excludes("probe hello");
    let verified = scene.dir().kt("plugin verify probe").run();
    let fix = format!("`{}` is not trusted", manifest.display());
    verified.exits(1).stdout_contains(&fix);
    scene
        .dir()
        .kt("doctor")
        .run()
        .exits(1)
        .stderr_contains("chmod o-w");
    // Its commands are unknown.
    scene
        .dir()
        .kt("probe hello")
        .run()
        .exits(2)
        .stdout_is_empty();
    scene.dir().kt("misbehave not").run().ok();
}

/// Builds that violate one rule of the exported block, and the reported reason.
const BLOCKS: [(&str, &str); 18] = [
    (
        "PROBE_SYMBOL=probe_plugin",
        "does not export `kt_plugin_v1`",
    ),
    ("PROBE_MAGIC={'K','T','P','L','U','G','O','N'}", "magic"),
    (
        "PROBE_MAJOR=2",
        "built for plugin ABI 2.0, and this version of kt supports 1.0",
    ),
    (
        "PROBE_MAJOR=0",
        "built for plugin ABI 0.0, and this version of kt supports 1.0",
    ),
    ("PROBE_SIZE=0", "invalid: 0 bytes"),
    ("PROBE_SIZE=8", "invalid: 8 bytes"),
    ("PROBE_SIZE=0xfffffff0u", "invalid: 4294967280 bytes"),
    ("PROBE_INIT=0", "lacks `init`"),
    ("PROBE_GET_INTERFACE=0", "lacks `init` or `get_interface`"),
    (
        "PROBE_MIN_HOST_MINOR=99",
        "requires plugin ABI 1.99 or later",
    ),
    ("PROBE_INIT_STATUS=KT_E_FAILED", "`init` failed"),
    ("PROBE_SIZE=79", "invalid: 79 bytes"),
    ("PROBE_FLAGS=0x10000", "unknown flags 0x10000"),
    (
        "PROBE_COMMAND_SIZE=0",
        "`kt_command_v1` is invalid: 0 bytes",
    ),
    (
        "PROBE_COMMAND_SIZE=23",
        "`kt_command_v1` is invalid: 23 bytes",
    ),
    (
        "PROBE_COMMAND_SIZE=0xffffffffu",
        "`kt_command_v1` is invalid: 4294967295 bytes",
    ),
    (
        "PROBE_COMMAND_FLAGS=0x80000000u",
        "unknown flags 0x80000000",
    ),
    ("PROBE_RUN=0", "has no `run`"),
];

#[test]
fn an_invalid_block_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let cases = BLOCKS.iter().copied().chain([
        (
            "PROBE_ID=\"someone\"",
            "is someone 1.0.0, but its manifest is for probe 1.0.0",
        ),
        (
            "PROBE_VERSION=\"9.9.9\"",
            "is probe 9.9.9, but its manifest is for probe 1.0.0",
        ),
        ("PROBE_ID=\"\\xff\\xfe\"", "not UTF-8"),
        ("PROBE_NO_NOTE", "no `.note.kt` section"),
    ]);
    for (definition, reason) in cases {
        eprintln!("{definition}");
        let plugin = CPlugin::probe().define(definition);
        let Some(library) = scene.dir().build(&plugin) else {
            return;
        };
        let output = scene.dir().kt("probe hello").run();
        assert_refused(&output, "probe", &library, reason);
        scene.dir().kt("misbehave not").run().ok();
    }
}

#[test]
fn a_symbol_of_a_dependency_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let dependency = scene.sandbox.root().join("libdependency.so");
    fs::write(&dependency, &scene.good).expect("the sandbox is writable");
    let plugin = CPlugin::probe()
        .define("PROBE_SYMBOL=probe_plugin")
        .flag("-Wl,--no-as-needed".to_owned())
        .flag(dependency.display().to_string());
    let Some(library) = scene.dir().build(&plugin) else {
        return;
    };
    scene.refused(&library, "another library defines its symbol");
}

#[test]
fn a_manifest_of_another_build_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let changed = CPlugin::probe().manifest("about = \"Behave\"", "about = \"Behave well\"");
    let library = scene.dir().put(changed.text(), &scene.good);
    scene.refused(&library, "differs from the one in the library");
}

/// Contract violations of a command, and the reported reason.
#[test]
fn a_contract_violation_is_an_error() {
    let Some(scene) = Scene::new() else { return };
    let library = scene.put(&scene.good);
    for (command, reason) in [
        ("no-error", "returned status -1 without an error"),
        ("no-result", "returned success without a result"),
        ("unknown-status", "status -12345"),
        ("bad-json", "is malformed"),
        ("bad-error", "its error is malformed"),
        ("bad-text", "failed"),
        ("null-text", "failed"),
    ] {
        let output = scene.dir().kt(&format!("probe {command}")).run();
        assert_refused(&output, "probe", &library, reason);
        let error = scene
            .dir()
            .kt(&format!("probe {command} -o json"))
            .run()
            .error();
        assert_eq!(error["class"], "plugin");
        assert_eq!(error["data"]["plugin"], "probe");
    }
    scene
        .dir()
        .kt("probe unknown-emit")
        .run()
        .ok()
        .stdout_contains("done");
}
