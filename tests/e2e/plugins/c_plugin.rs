//! Plugins in C beside the bundled ones.

use super::plugin_dir::{CPlugin, PluginDir, in_both_modes};
use crate::harness::Sandbox;
use serde_json::json;

#[test]
fn a_plugin_in_c_works_like_any_other() {
    in_both_modes(|dir| {
        if dir.build(&CPlugin::greeter()).is_none() {
            return;
        }
        let greeted = dir.kt("greet hello -o json").run();
        assert_eq!(greeted.ok().at("/text"), json!("hello, world"));
        let named = dir.kt("greet hello --name you").run();
        assert_eq!(named.ok().stdout, "hello, you\n");
        let asked = dir.kt("greet ask").run();
        assert_eq!(asked.ok().stdout, "hello from C\n");
        dir.kt("--help").run().ok().stdout_contains("Greet, in C");
        dir.kt("greet --help")
            .run()
            .ok()
            .stdout_contains("Say hello");
        dir.kt("greet hello --nme you")
            .run()
            .exits(2)
            .stderr_contains("--name");
    });
}

#[test]
fn errors_of_a_plugin_in_c_are_rendered_by_the_host() {
    in_both_modes(|dir| {
        if dir.build(&CPlugin::greeter()).is_none() {
            return;
        }
        let table = dir.kt("greet fail").run();
        table
            .exits(5)
            .stdout_is_empty()
            .stderr_contains("nobody to greet");
        table.stderr_contains("hint: try another door");
        let error = dir.kt("greet fail -o json").run().error();
        assert_eq!(error["id"], "no-greeting");
        assert_eq!(error["class"], "not-found");
    });
}

/// glibc identifies libraries by name, and each is opened by the path of its
/// descriptor: a reused number would return the wrong library.
#[test]
fn two_plugins_of_one_run_are_distinct() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    for name in ["probe", "other"] {
        if dir.build(&CPlugin::probe_named(name)).is_none() {
            return;
        }
    }
    let counted = |line: &str| {
        let output = dir.kt(line).run();
        (output.ok().at("/own"), output.at("/other"))
    };
    let apart = counted("probe count --of other -o json");
    assert_eq!(apart, (json!(3), json!(1)), "the counters are two");
    let within = counted("probe count --of probe -o json");
    assert_eq!(within, (json!(4), json!(4)), "the counter is one");
}

#[test]
fn many_plugins_of_one_run_are_distinct() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let names = ["probe", "aa", "bb", "cc", "dd", "ee"];
    for name in names {
        if dir.build(&CPlugin::probe_named(name)).is_none() {
            return;
        }
    }
    // A refused plugin closes its descriptor.
    dir.put(CPlugin::probe_named("ba").text(), b"no library");
    let output = dir.kt("plugin verify -o json").run();
    let rows = output.exits(1).json();
    let state = |name: &str| {
        let rows = rows.as_array().into_iter().flatten();
        let row = rows.clone().find(|r| r["name"] == name).cloned();
        row.unwrap_or_else(|| panic!("no `{name}`{output}"))["state"].clone()
    };
    for name in names {
        assert_eq!(state(name), "ok", "`{name}`{output}");
    }
    assert_eq!(state("ba"), "failed");
}
