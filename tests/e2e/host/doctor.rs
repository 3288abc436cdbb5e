//! `kt doctor`: a failure of each check.

use crate::harness::{Sandbox, TestCommand};
use crate::plugins::{CPlugin, PluginDir};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// Asserts that `check` has `state`, and contains `text` in message or remedy.
fn finds(run: TestCommand, check: &str, state: &str, text: &str) {
    let output = run.run();
    let rows = output.json();
    let row = rows
        .as_array()
        .into_iter()
        .flatten()
        .find(|r| r["name"] == check);
    let row = row.unwrap_or_else(|| panic!("no check `{check}`{output}"));
    assert_eq!(row["state"], state, "`{check}`{output}");
    let row_text = format!("{} {}", row["message"], row["remedy"]);
    assert!(row_text.contains(text), "no `{text}` in {row_text}{output}");
    output.exits(if rows.to_string().contains("\"failed\"") {
        1
    } else {
        0
    });
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the test owns it");
}

#[test]
fn a_correct_installation_passes() {
    let sandbox = Sandbox::new();
    let output = sandbox.kt_line("doctor -o json").run();
    let rows = output.ok().json();
    let states: Vec<_> = rows
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| r["state"].clone())
        .collect();
    assert!(
        states.len() > 8 && states.iter().all(|s| s == "passed"),
        "{output}"
    );
}

#[test]
fn invalid_settings_are_reported() {
    let sandbox = Sandbox::new();
    let file = sandbox.write_settings("api = [\n");
    let place = format!("{}:1:8", file.display());
    finds(
        sandbox.kt_line("doctor -o json"),
        "settings",
        "failed",
        &place,
    );
    sandbox.write_settings("default_profile = 'nobody'\n");
    finds(
        sandbox.kt_line("doctor -o json"),
        "settings",
        "failed",
        "[profile.nobody]",
    );
    sandbox.write_settings("[api]\nulr = 'http://127.0.0.1:1'\n");
    finds(
        sandbox.kt_line("doctor -o json"),
        "settings",
        "warning",
        "did you mean `api.url`?",
    );
    let shown = sandbox.kt_line("config show").run();
    shown.ok().stderr_contains("`api.ulr`");
}

#[test]
fn unusable_directories_are_reported() {
    let sandbox = Sandbox::unprivileged();
    for (name, dir) in [
        ("state directory", "state"),
        ("cache directory", "cache"),
        ("runtime directory", "run"),
    ] {
        let path = sandbox.home().join(dir);
        let doctor = || sandbox.kt_line("doctor -o json");
        drop(fs::remove_dir_all(&path));
        fs::write(&path, "").expect("the home is writable");
        finds(doctor(), name, "failed", "is not a directory");
        fs::remove_file(&path).expect("the file exists");
        fs::create_dir(&path).expect("the home is writable");
        if rustix::process::geteuid().is_root() {
            finds(doctor(), name, "failed", "owned by uid 0");
        }
        crate::harness::chown_tree(&path, owner(&sandbox));
        mode(&path, 0o777);
        finds(doctor(), name, "failed", "chmod go-w");
        mode(&path, 0o500);
        finds(doctor(), name, "failed", "cannot create a file");
        mode(&path, 0o700);
        finds(doctor(), name, "passed", "");
        fs::remove_dir_all(&path).expect("the test owns it");
    }
}

#[test]
fn directories_that_cannot_be_created_are_reported() {
    let sandbox = Sandbox::unprivileged();
    mode(&sandbox.home(), 0o500);
    for name in ["state directory", "cache directory", "runtime directory"] {
        finds(
            sandbox.kt_line("doctor -o json"),
            name,
            "failed",
            "cannot be created",
        );
    }
    // Commands report it too, and plugins can be listed without a cache.
    let output = sandbox.kt_line("gateway create --name x").run();
    assert!(matches!(output.code(), Some(3 | 7)), "{output}");
    sandbox.kt_line("plugin list").run().ok();
    mode(&sandbox.home(), 0o700);
}

/// Returns the user that runs `kt` in an unprivileged sandbox.
fn owner(sandbox: &Sandbox) -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(sandbox.path(""))
        .expect("the sandbox exists")
        .uid()
}

#[test]
fn plugins_that_cannot_be_used_are_reported() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let doctor = || dir.kt("doctor -o json");
    dir.put(CPlugin::probe().text(), b"no library");
    finds(doctor(), "plugin probe", "failed", "libprobe.so");
    let manifest = dir.path().join("probe/plugin.toml");
    fs::write(&manifest, "manifest = 1\nname = 3\n").expect("the test owns it");
    finds(doctor(), "plugin probe", "failed", ":2:8");
    fs::write(&manifest, "manifest = 99\n").expect("the test owns it");
    finds(doctor(), "plugin probe", "failed", "not a valid manifest");
    let elsewhere = CPlugin::probe().manifest(
        "library = \"probe\"",
        "library = \"probe\"\nplatforms = [\"plan9\"]",
    );
    dir.put(elsewhere.text(), b"");
    finds(
        doctor(),
        "plugin probe",
        "passed",
        "does not support this operating system",
    );
    let demanding = CPlugin::probe().manifest("api = \"^1.0\"", "api = \"^2.0\"");
    dir.put(demanding.text(), b"");
    finds(
        doctor(),
        "plugin probe",
        "failed",
        "needs a kt with plugin API ^2.0",
    );
    if rustix::process::geteuid().is_root() {
        dir.put(CPlugin::probe().text(), b"");
        chown(&manifest, Some(12_345), None).expect("root can change it");
        finds(doctor(), "plugin probe", "failed", "chown 0");
    }
}

#[test]
fn an_interface_that_is_not_implemented_is_reported() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let boastful = CPlugin::probe().manifest("example.count/1", "example.weigh/1");
    if dir.build(&boastful).is_some() {
        finds(
            dir.kt("doctor -o json"),
            "plugin probe",
            "failed",
            "cannot provide `example.weigh/1`: it does not implement the interface",
        );
    }
}

#[test]
fn missing_plugin_directories_are_reported() {
    let sandbox = Sandbox::with_own_dist();
    fs::remove_dir_all(sandbox.dist().join("lib/kt/plugins")).expect("the directory exists");
    let system = ["/usr/local/lib/kt/plugins", "/usr/lib/kt/plugins"];
    if system.iter().any(|dir| Path::new(dir).exists()) {
        eprintln!("a system-wide kt is installed here: its plugins are found");
        return;
    }
    finds(
        sandbox.kt_line("doctor -o json"),
        "plugin directories",
        "failed",
        "--plugin-dir",
    );
}

#[test]
fn mixed_versions_are_reported() {
    let sandbox = Sandbox::with_own_dist();
    let dir = PluginDir::new(&sandbox);
    let newer = CPlugin::probe()
        .manifest("version = \"1.0.0\"", "version = \"0.2.0\"")
        .define("PROBE_VERSION=\"0.2.0\"");
    let Some(library) = dir.build(&newer) else {
        return;
    };
    let folder = library.parent().expect("the library has a parent");
    crate::harness::copy_tree(folder, &sandbox.dist().join("lib/kt/plugins/probe"));
    finds(
        sandbox.kt_line("doctor -o json"),
        "versions",
        "warning",
        "probe 0.2.0",
    );
}

#[test]
fn an_unavailable_control_plane_is_reported() {
    let sandbox = Sandbox::new();
    let doctor = || sandbox.kt_line("doctor -o json");
    finds(
        doctor().env("KEEPTRUSTS_API_URL", "http://127.0.0.1:1"),
        "control plane",
        "failed",
        "127.0.0.1:1",
    );
    finds(
        doctor().env("KEEPTRUSTS_API_URL", "ftp://x"),
        "control plane",
        "failed",
        "neither http nor https",
    );
    finds(doctor(), "control plane", "passed", "embedded");
}

#[test]
fn an_invalid_secret_store_is_reported() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("secret set --name key")
        .stdin("value")
        .run()
        .ok();
    finds(
        sandbox.kt_line("doctor -o json"),
        "secrets",
        "passed",
        "1 stored",
    );
    let file = crate::harness::files_below(&sandbox.home(), &[])
        .into_iter()
        .find(|p| p.to_string_lossy().contains("secret"))
        .expect("the secret store is a file");
    fs::write(&file, "not a store").expect("the test owns it");
    finds(sandbox.kt_line("doctor -o json"), "secrets", "failed", "");
}
