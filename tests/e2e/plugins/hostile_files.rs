//! Files in the plugin directory of the user that are damaged, untrusted or for another
//! system: what `kt plugin list` says without loading anything, and how a run ends.

use super::plugin_dir::CPlugin;
use super::user_plugins::{UserPlugins, write};
use crate::harness::make_fifo;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

/// An input: its name, how the plugin is changed, the state and a part of the reason in
/// `kt plugin list`, and the exit code and a part of standard error of a run.
type Case = (
    &'static str,
    fn(&UserPlugins),
    &'static str,
    &'static str,
    i32,
    &'static str,
);

fn library(plugins: &UserPlugins, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = plugins.library.clone();
    change(&mut bytes);
    fs::write(plugins.probe().join("libprobe.so"), bytes).expect("the test owns it");
}

fn instead(plugins: &UserPlugins, create: impl FnOnce(&Path)) {
    let path = plugins.probe().join("libprobe.so");
    fs::remove_file(&path).expect("the test owns it");
    create(&path);
}

fn manifest(plugins: &UserPlugins, text: impl AsRef<[u8]>) {
    fs::write(plugins.probe().join("plugin.toml"), text).expect("the test owns it");
}

fn edited(plugins: &UserPlugins, from: &str, to: &str) {
    manifest(plugins, CPlugin::probe().manifest(from, to).text());
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the test owns it");
}

fn built(plugins: &UserPlugins, plugin: &CPlugin) {
    let library = plugin.compile(&plugins.sandbox.root().join("tmp"));
    let library = library.expect("there is a compiler");
    write(&plugins.probe(), plugin.text().as_bytes(), &library);
}

fn journal(plugins: &UserPlugins, text: &str) {
    let state = plugins.sandbox.home().join("state");
    fs::create_dir_all(&state).expect("the sandbox is writable");
    fs::write(state.join("plugins.journal"), text).expect("the sandbox is writable");
}

fn locked_then_changed(plugins: &UserPlugins) {
    plugins.runs();
    library(plugins, |b| b.push(0));
}

#[rustfmt::skip]
const CASES: [Case; 42] = [
    ("unchanged", |_| (), "ok", "", 0, ""),
    // The library.
    ("empty library", |p| library(p, Vec::clear), "refused", "too short", 9, "too short"),
    ("text", |p| library(p, |b| *b = b"#!/bin/sh\n".repeat(99)), "refused", "not an ELF library", 9, "not an ELF library"),
    ("100 bytes", |p| library(p, |b| b.truncate(100)), "refused", "truncated", 9, "truncated"),
    ("half", |p| library(p, |b| b.truncate(b.len() / 2)), "refused", "truncated", 9, "truncated"),
    ("zeroed start", |p| library(p, |b| b[..64].fill(0)), "refused", "not an ELF library", 9, "not an ELF library"),
    ("another machine", |p| library(p, |b| b[18..20].copy_from_slice(&[183, 0])), "refused", "built for aarch64", 9, "built for aarch64"),
    ("ELFCLASS32", |p| library(p, |b| b[4] = 1), "refused", "not a 64-bit", 9, "not a 64-bit"),
    ("big-endian", |p| library(p, |b| b[5] = 2), "refused", "little-endian", 9, "little-endian"),
    ("ET_EXEC", |p| library(p, |b| b[16] = 2), "refused", "not a shared library", 9, "not a shared library"),
    ("Mach-O", |p| library(p, |b| b[..4].copy_from_slice(&[0xcf, 0xfa, 0xed, 0xfe])), "refused", "not an ELF library", 9, "not an ELF library"),
    ("PE", |p| library(p, |b| b[..2].copy_from_slice(b"MZ")), "refused", "not an ELF library", 9, "not an ELF library"),
    ("missing", |p| instead(p, |_| ()), "refused", "No such file", 9, "No such file"),
    ("FIFO", |p| instead(p, make_fifo), "refused", "not a regular file", 9, "not a regular file"),
    ("directory", |p| instead(p, |l| fs::create_dir(l).expect("it is free")), "refused", "not a regular file", 9, "not a regular file"),
    ("dangling link", |p| instead(p, |l| symlink("/nonexistent/x.so", l).expect("it is free")), "refused", "No such file", 9, "No such file"),
    ("escaping link", |p| {
        let elsewhere = p.sandbox.write("elsewhere.so", &p.library);
        instead(p, |l| symlink(elsewhere, l).expect("it is free"));
    }, "refused", "a link out of its directory", 9, "a link out of its directory"),
    ("inner link", |p| {
        let inner = p.probe().join("libprobe.so.1");
        fs::write(inner, &p.library).expect("the test owns it");
        instead(p, |l| symlink("libprobe.so.1", l).expect("it is free"));
    }, "ok", "", 0, ""),
    ("world-writable library", |p| mode(&p.probe().join("libprobe.so"), 0o646), "refused", "writable by others", 9, "chmod o-w"),
    ("world-writable directory", |p| mode(&p.probe(), 0o757), "refused", "writable by others", 2, "probe"),
    ("setgid directory", |p| mode(&p.probe(), 0o2755), "ok", "", 0, ""),
    ("another manifest in the library", |p| edited(p, "about = \"Behave\"", "about = \"Behave well\""), "refused", "differs from the one in the library", 9, "differs from the one in the library"),
    ("no manifest in the library", |p| built(p, &CPlugin::probe().define("PROBE_NO_NOTE")), "refused", "no embedded manifest", 9, "no embedded manifest"),
    ("missing symbol", |p| built(p, &CPlugin::probe().define("PROBE_SYMBOL=other")), "ok", "", 9, "does not export `kt_plugin_v1`"),
    ("wrong magic", |p| built(p, &CPlugin::probe().define("PROBE_MAGIC={'K','T','P','L','U','G','O','N'}")), "ok", "", 9, "magic"),
    ("missing dependency", |p| {
        let dependency = p.sandbox.write("libdependency.so", &p.library);
        let plugin = CPlugin::probe().flag("-Wl,--no-as-needed".to_owned());
        built(p, &plugin.flag(dependency.display().to_string()));
        fs::remove_file(dependency).expect("the test owns it");
    }, "ok", "", 9, "cannot be loaded"),
    ("changed after it was locked", locked_then_changed, "changed", "changed since it was locked: library: locked sha256:", 9, "`kt plugin trust probe`"),
    // The manifest.
    ("empty manifest", |p| manifest(p, ""), "refused", "the key `api` is missing", 2, "probe"),
    ("no TOML", |p| manifest(p, "manifest = 1\napi = \"^1.0\"\nname ="), "refused", "plugin.toml:3:7)", 2, "probe"),
    ("not UTF-8", |p| manifest(p, b"\xff\xfe"), "refused", "cannot read", 2, "probe"),
    ("misspelled key", |p| edited(p, "library = ", "libary = "), "refused", "unknown key `libary`; did you mean `library`? (", 9, "unknown key `libary`"),
    ("newer minor", |p| edited(p, "api = \"^1.0\"", "future = [1]\napi = \"^1.4\""), "incompatible", "needs a kt with plugin API ^1.4, and this kt has 1.0", 9, "needs a kt with plugin API ^1.4"),
    ("newer major", |p| edited(p, "api = \"^1.0\"", "api = \"^2.0\""), "incompatible", "needs a kt with plugin API ^2.0, and this kt has 1.0", 9, "needs a kt with plugin API ^2.0"),
    ("program", |p| edited(p, "library = \"probe\"", "kind = \"process\"\nexecutable = \"../probe\""), "refused", "`../probe` is not a valid file name", 9, "not a valid file name"),
    ("world-writable manifest", |p| mode(&p.probe().join("plugin.toml"), 0o666), "refused", "writable by others", 2, "probe"),
    ("large manifest", |p| manifest(p, "#".repeat(1 << 21)), "refused", "at most 1 MiB", 2, "probe"),
    ("FIFO as manifest", |p| {
        fs::remove_file(p.probe().join("plugin.toml")).expect("the test owns it");
        make_fifo(&p.probe().join("plugin.toml"));
    }, "refused", "not a regular file", 2, "probe"),
    ("another system", |p| edited(p, "library = \"probe\"", "library = \"probe\"\nplatforms = [\"plan9\"]"), "unsupported-platform", "", 2, "probe"),
    // The records.
    ("disabled", |p| journal(p, "disable probe\n"), "disabled", "is disabled", 9, "`kt plugin enable probe`"),
    ("quarantined", |p| journal(p, &"crash probe 1.0.0\n".repeat(3)), "quarantined", "crashed in each of its last 3 runs", 9, "`kt plugin enable probe`"),
    ("damaged journal", |p| journal(p, "\0\0crash probe\n\ndisable"), "ok", "", 0, ""),
    ("foreign owner", |p| {
        if rustix::process::geteuid().is_root() {
            chown(p.probe().join("libprobe.so"), Some(12_345), None).expect("root can change it");
        } else {
            mode(&p.probe().join("libprobe.so"), 0o666);
        }
    }, "refused", "is not trusted", 9, "is not trusted"),
];

#[test]
fn a_list_says_why_a_plugin_will_not_be_used() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    for (name, change, state, reason, code, message) in CASES {
        drop(fs::remove_dir_all(plugins.sandbox.home()));
        plugins.drop_in();
        change(&plugins);
        let (found, _, found_reason) = plugins.listed();
        assert_eq!(found, state, "{name}: {found_reason}");
        assert!(found_reason.contains(reason), "{name}: {found_reason}");
        let output = plugins.kt("probe hello").run();
        let lines = output.stderr.lines().filter(|l| !l.starts_with("warn"));
        let lines: Vec<&str> = lines.take(2).map(str::trim).collect();
        println!("| {name} | {state} | {code} | {} |", lines.join("; "));
        output.exits(code).stderr_contains(message);
        // Other plugins, and other commands, are not affected.
        plugins.kt("whoami --help").run().ok();
    }
}

/// Nothing of a plugin runs for a list, help, completion or information.
#[test]
fn a_library_is_not_loaded_for_lists_and_help() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let marker = plugins.sandbox.path("loaded");
    let source = "#include <stdio.h>\n__attribute__((constructor)) static void mark(void) { \
                  FILE *f = fopen(MARKER, \"w\"); if (f) fclose(f); }\n";
    let source = plugins.sandbox.write("mark.c", source);
    let plugin = CPlugin::probe()
        .define(&format!("MARKER=\"{}\"", marker.display()))
        .flag(source.display().to_string());
    built(&plugins, &plugin);
    let install = format!("plugin install {} --yes", plugins.probe().display());
    for line in [
        "plugin list",
        "plugin info probe",
        "probe --help",
        "probe hello --help",
        "completion bash",
        "version",
        "reference",
        &install,
    ] {
        drop(plugins.kt(line).run());
        assert!(!marker.exists(), "{line}");
    }
    plugins.kt("probe hello").run().ok();
    assert!(marker.exists());
}
