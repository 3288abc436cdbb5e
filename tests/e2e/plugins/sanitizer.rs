//! The C plugins under the address sanitizer: neither they nor the host touch memory
//! beyond what crosses the boundary.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{Sandbox, tool};
use std::process::Command;

const FLAGS: [&str; 3] = ["-fsanitize=address", "-fno-omit-frame-pointer", "-g"];

/// Returns the runtime library, which must be loaded before the host.
fn runtime() -> Option<String> {
    let gcc = tool("gcc")?;
    let output = Command::new(gcc)
        .arg("-print-file-name=libasan.so")
        .output()
        .expect("the compiler can be started");
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    // Without the library the compiler prints only its name.
    path.contains('/').then_some(path)
}

#[test]
fn the_address_sanitizer_finds_nothing_in_plugins_in_c() {
    let Some(runtime) = runtime() else { return };
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let plugins = [
        CPlugin::greeter(),
        CPlugin::probe(),
        CPlugin::evolution("evolution"),
    ];
    for plugin in plugins {
        let plugin = FLAGS
            .iter()
            .fold(plugin, |p, flag| p.flag((*flag).to_owned()));
        if dir.build(&plugin).is_none() {
            return;
        }
    }
    for (line, code) in [
        ("greet hello", 0),
        ("greet ask", 0),
        ("greet fail", 5),
        ("probe count --of probe", 0),
        ("probe reply", 0),
        ("probe reply --of probe-second --options past", 0),
        ("probe reply --options short", 9),
        ("probe reply --out too-small", 0),
        ("probe two-results", 9),
        ("probe null-text", 9),
        ("probe bad-text", 9),
        ("probe unknown-view", 0),
        ("evolution versions --of evolution", 0),
    ] {
        let output = dir
            .kt(line)
            .env("LD_PRELOAD", &runtime)
            .env("ASAN_OPTIONS", "detect_leaks=0:exitcode=99")
            .run();
        output.exits(code).stderr_excludes("AddressSanitizer");
    }
}
