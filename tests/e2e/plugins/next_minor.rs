//! A simulated next minor version of the ABI: one more field in every struct that may
//! grow, one more view, one more manifest key. Hosts and plugins of both versions work
//! together in every combination, in C and in Rust.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{CommandOutput, Sandbox, cargo_script, workspace};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The value of the appended fields.
const NEXT: i32 = 11;
/// The structs that a minor version may extend.
const GROWING: [&str; 7] = [
    "kt_host",
    "kt_call_options",
    "kt_provider",
    "kt_context",
    "kt_plugin",
    "kt_command_v1",
    "kt_interface_v1",
];

/// The versions of one combination: 0 or 1.
#[derive(Debug, Clone, Copy)]
struct Combination {
    host: i32,
    caller: i32,
    provider: i32,
}

/// Writes the header with a field more in each struct that may grow.
fn write_next_header(dir: &Path) {
    let header = workspace().join("plugin-api/include/kt_plugin.h");
    let mut text = fs::read_to_string(header).expect("the header exists");
    let mut replace = |from: &str, to: &str| {
        assert!(text.contains(from), "no `{from}` in the header");
        text = text.replacen(from, to, 1);
    };
    replace("#define KT_ABI_MINOR 0", "#define KT_ABI_MINOR 1");
    for name in GROWING {
        replace(
            &format!("}} {name};"),
            &format!("  uintptr_t next;\n}} {name};"),
        );
    }
    fs::write(dir.join("kt_plugin.h"), text).expect("the directory is writable");
}

/// Builds the host and the Rust plugin of the next minor version.
fn build_next(sandbox: &Sandbox) -> PathBuf {
    let output = cargo_script(sandbox, "tests/scripts/build-next-minor.sh")
        .limit(Duration::from_secs(600))
        .run();
    PathBuf::from(output.ok().stdout.trim())
}

fn c_plugin(name: &str, minor: i32, include: &Path) -> CPlugin {
    let plugin = CPlugin::evolution(name);
    match minor {
        0 => plugin,
        _ => plugin.include(include).manifest(
            "api = \"^1.0\"",
            "api = \">=1.0, <=1.1\"\nlater = \"value\"",
        ),
    }
}

/// Asserts what the caller and the provider saw.
fn check(versions: Combination, output: &CommandOutput) {
    let Combination {
        host,
        caller,
        provider,
    } = versions;
    let seen = |by: i32| NEXT * host.min(by);
    let expected = json!({
        "host_minor": host,
        "host": seen(caller),
        "context": seen(caller),
        "provider": seen(caller),
        "status": 0,
        "reply": { "context": seen(provider) },
    });
    assert_eq!(output.ok().json(), expected, "{versions:?}{output}");
    if host == 0 {
        return;
    }
    // What the host of the next minor version sees of the plugins.
    for (name, plugin) in [("kt_command_v1", caller), ("kt_interface_v1", provider)] {
        output.stderr_contains(&format!("next: {name} {}", NEXT * plugin));
    }
}

#[test]
fn hosts_and_plugins_of_two_minor_versions_work_together() {
    let sandbox = Sandbox::new();
    let include = sandbox.root().join("include");
    fs::create_dir_all(&include).expect("the sandbox is writable");
    write_next_header(&include);
    let dir = PluginDir::new(&sandbox);
    let plugins = [("old", 0), ("new", 1)];
    for (name, minor) in plugins {
        if dir.build(&c_plugin(name, minor, &include)).is_none() {
            return;
        }
    }
    let next = build_next(&sandbox);
    for (host, program) in [(0, None), (1, Some(next.join("kt")))] {
        let kt = |line: &str| match &program {
            None => dir.kt(line),
            Some(program) => dir.run_with(program, line),
        };
        for rust in [0, 1] {
            match rust {
                0 => dir.misbehaving(),
                _ => dir.misbehaving_from(&next),
            };
            let all = [
                ("old", "old", 0),
                ("new", "new", 1),
                ("misbehave", "misbehaving", rust),
            ];
            for (group, _, caller) in all {
                for (_, name, provider) in all {
                    let output = kt(&format!("{group} versions --of {name} -o json -v")).run();
                    let versions = Combination {
                        host,
                        caller,
                        provider,
                    };
                    check(versions, &output);
                }
                check_view(
                    host,
                    caller,
                    &kt(&format!("{group} versions --of old")).run(),
                );
            }
        }
        check_manifest_key(host, &kt("doctor -o json").run());
    }
}

/// A host that does not know the view prints the value as JSON.
fn check_view(host: i32, plugin: i32, output: &CommandOutput) {
    let output = output.ok();
    match (host, plugin) {
        (_, 0) => assert_eq!(output.stdout, "versions\n", "{output}"),
        (0, _) => {
            let value: Value = serde_json::from_str(&output.stdout).expect("it is JSON");
            assert_eq!(value["status"], 0, "{output}");
        }
        _ => assert_eq!(output.stdout, "gauge full\n", "{output}"),
    }
}

/// A host that does not know the key ignores it, and says so where plugins are checked.
fn check_manifest_key(host: i32, output: &CommandOutput) {
    let noted = output.stdout.contains("`later` at");
    assert_eq!(noted, host == 0, "{output}");
}
