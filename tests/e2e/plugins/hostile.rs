//! Libraries and manifests that are damaged, foreign or dishonest. Each is
//! refused with exit 9, its name and path; none ends the host by a signal or
//! keeps it waiting; other plugins go on working.

use super::folder::{CPlugin, PluginDir};
use crate::harness::{CommandOutput, Sandbox, UNPRIVILEGED, make_fifo};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// A sandbox with the C probe and, beside it, the plugin `misbehaving`, which
/// must go on working.
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

    /// Asserts that the probe is refused because of `why`.
    fn refused(&self, library: &Path, why: &str) {
        let ran = self.dir().kt("probe hello").run();
        assert_refused(&ran, "probe", library, why);
        self.dir().kt("misbehave not").run().ok();
        let listed = self.dir().kt("plugin verify probe -o json").run();
        listed.exits(1).out_has("failed");
    }
}

fn assert_refused(ran: &CommandOutput, name: &str, path: &Path, why: &str) {
    ran.exits(9).silent().err_has("error:");
    ran.err_has(name).err_has(&path.display().to_string());
    ran.err_has(why);
}

/// Changes of the good library's bytes, and what is said of them.
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
    for (what, damage, why) in DAMAGES {
        eprintln!("{what}");
        let library = scene.put(&damage(&scene.good));
        scene.refused(&library, why);
    }
    let library = scene.put(&scene.good);
    scene.dir().kt("probe hello").run().ok();
    drop(library);
}

/// Whatever is cut off or wiped at the end, the host survives it: either the
/// rest is enough to run, or there is an error of class `plugin`.
#[test]
fn a_library_without_its_tail_never_ends_the_host() {
    let Some(scene) = Scene::new() else { return };
    let rust = scene.dir().misbehaving();
    let rust = fs::read(rust).expect("it was just written");
    let manifest = fs::read_to_string(scene.dir().path().join("misbehaving/plugin.toml"));
    let manifest = manifest.expect("it was just written");
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
            let mut wiped = whole.clone();
            let end = wiped.len() - cut;
            wiped[end..].fill(0);
            for bytes in [whole[..end].to_vec(), wiped] {
                scene.dir().put(&manifest, &bytes);
                let ran = scene.dir().kt(line).run();
                assert!(matches!(ran.code(), Some(0 | 9)), "{cut} bytes{ran}");
            }
        }
    }
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let library = scene.put(b"");
    let replace = |with: &dyn Fn(&Path)| {
        drop(fs::remove_file(&library));
        drop(fs::remove_dir(&library));
        with(&library);
    };
    replace(&|p| fs::create_dir(p).expect("there is nothing there"));
    scene.refused(&library, "not a regular file");
    replace(&|p| symlink("/nonexistent/library.so", p).expect("there is nothing there"));
    scene.refused(&library, "No such file");
    replace(&make_fifo);
    scene.refused(&library, "not a regular file");
    replace(&|_| {});
    scene.refused(&library, "No such file");
}

#[test]
fn what_others_could_have_changed_is_refused() {
    let Some(scene) = Scene::new() else { return };
    let library = scene.put(&scene.good);
    let mode = |mode: u32| {
        fs::set_permissions(&library, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    mode(0o646);
    scene.refused(&library, &format!("chmod o-w '{}'", library.display()));
    mode(0o644);
    let folder = library.parent().expect("it lies in a folder");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let ran = scene.dir().kt("plugin verify probe -o json").run();
    ran.exits(1)
        .out_has(&format!("`{}` is writable by others", folder.display()));
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    scene.dir().kt("probe hello").run().ok();
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can give a file to someone else: that part is left out");
        return;
    }
    chown(&library, Some(UNPRIVILEGED), None).expect("root may");
    scene.refused(&library, "chown 0");
}

#[test]
fn an_untrusted_manifest_is_not_even_read() {
    let Some(scene) = Scene::new() else { return };
    scene.put(&scene.good);
    let manifest = scene.dir().path().join("probe/plugin.toml");
    let writable = fs::Permissions::from_mode(0o666);
    fs::set_permissions(&manifest, writable).expect("it is ours");
    let listed = scene.dir().kt("plugin list -o json").run();
    listed.ok().out_has("refused").err_lacks("probe hello");
    let verified = scene.dir().kt("plugin verify probe").run();
    let fix = format!("`{}` is not trusted", manifest.display());
    verified.exits(1).out_has(&fix);
    scene.dir().kt("doctor").run().exits(1).err_has("chmod o-w");
    // Its commands are not known, and kt says where to look.
    scene.dir().kt("probe hello").run().exits(2).silent();
    scene.dir().kt("misbehave not").run().ok();
}

/// Builds that break one rule of the exported block, and what is said of them.
const BLOCKS: [(&str, &str); 12] = [
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
    ("PROBE_RUN=0", "has no `run`"),
];

#[test]
fn a_block_that_breaks_a_rule_is_refused() {
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
    for (definition, why) in cases {
        eprintln!("{definition}");
        let plugin = CPlugin::probe().define(definition);
        let Some(library) = scene.dir().build(&plugin) else {
            return;
        };
        let ran = scene.dir().kt("probe hello").run();
        assert_refused(&ran, "probe", &library, why);
        scene.dir().kt("misbehave not").run().ok();
    }
}

#[test]
fn a_symbol_of_a_dependency_is_not_the_plugins_own() {
    let Some(scene) = Scene::new() else { return };
    let dependency = scene.sandbox.root().join("libdependency.so");
    fs::write(&dependency, &scene.good).expect("the sandbox takes a file");
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

/// What a command may do wrong, and what is said of it.
#[test]
fn a_command_that_breaks_the_contract_is_an_error() {
    let Some(scene) = Scene::new() else { return };
    let library = scene.put(&scene.good);
    for (command, why) in [
        ("no-error", "returned status -1 without an error"),
        ("no-result", "returned success without a result"),
        ("unknown-status", "status -12345"),
        ("bad-json", "is malformed"),
        ("bad-error", "in the error"),
        ("bad-text", "failed"),
        ("null-text", "failed"),
    ] {
        let ran = scene.dir().kt(&format!("probe {command}")).run();
        assert_refused(&ran, "probe", &library, why);
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
        .out_has("done");
}
