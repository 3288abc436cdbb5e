//! Plugins with conflicting manifests.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::Sandbox;
use std::fs;

/// Returns the state and the reason that `kt plugin list` reports for `plugin`.
fn state_of(dir: &PluginDir<'_>, plugin: &str) -> (String, String) {
    let output = dir.kt("plugin list -o json").run();
    let rows = output.ok().json();
    let path = dir.path().join(plugin).display().to_string();
    let row = rows
        .as_array()
        .into_iter()
        .flatten()
        .find(|r| r["path"] == path.as_str());
    let row = row.unwrap_or_else(|| panic!("no `{path}`{output}"));
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"))
}

#[test]
fn a_plugin_that_declares_an_existing_command_is_refused() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let thief =
        CPlugin::probe_named("thief").manifest("[\"thief\", \"hello\"]", "[\"probe\", \"hello\"]");
    for plugin in [CPlugin::probe(), thief] {
        if dir.build(&plugin).is_none() {
            return;
        }
    }
    dir.kt("probe hello").run().ok();
    let (state, reason) = state_of(&dir, "thief");
    assert_eq!(state, "refused");
    assert!(
        reason.contains("declares the command `probe hello`"),
        "{reason}"
    );
    for plugin in ["probe", "thief"] {
        let path = dir.path().join(plugin).display().to_string();
        assert!(reason.contains(&path), "{reason}");
    }
    // Its other commands fail with the reason.
    dir.kt("thief no-error")
        .run()
        .exits(9)
        .stderr_contains("`probe hello`");
}

#[test]
fn the_name_of_a_global_option_is_reserved() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    for (name, long) in [("output", "output-file"), ("file", "json"), ("yes", "yes")] {
        let arg = format!("name = \"{name}\", long = \"{long}\"");
        let plugin = CPlugin::probe().manifest("name = \"of\", long = \"of\"", &arg);
        if dir.build(&plugin).is_none() {
            return;
        }
        let (state, reason) = state_of(&dir, "probe");
        assert_eq!(state, "refused", "{name}");
        assert!(reason.contains("name of a global option"), "{reason}");
    }
}

#[test]
fn a_plugin_that_declares_an_existing_provider_is_refused() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let thief = CPlugin::probe_named("thief").manifest("name = \"thief\"\n", "name = \"probe\"\n");
    // The first line is the name of the plugin, the last that of its provider.
    let thief = thief.manifest(
        "manifest = 1\nname = \"probe\"",
        "manifest = 1\nname = \"thief\"",
    );
    for plugin in [CPlugin::probe(), thief] {
        if dir.build(&plugin).is_none() {
            return;
        }
    }
    let (state, reason) = state_of(&dir, "thief");
    assert_eq!(state, "refused");
    assert!(
        reason.contains("provider `probe` of `example.count/1`"),
        "{reason}"
    );
    dir.kt("probe hello").run().ok();
}

/// A plugin that describes a bundled group with one full stop more took every bundled
/// plugin with that group out.
#[test]
fn a_different_description_of_a_group_is_a_note() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let vandal = CPlugin::probe_named("vandal").manifest(
        "path = [\"vandal\"]\nabout = \"Break a rule\"",
        "path = [\"gateway\"]\nabout = \"Break another\"",
    );
    if dir.build(&vandal).is_none() {
        return;
    }
    let (state, _) = state_of(&dir, "vandal");
    assert_eq!(state, "ok");
    let listed = dir.kt("plugin list -o json").run();
    listed
        .ok()
        .stdout_excludes("refused")
        .stderr_contains("its description of the group `gateway` is ignored");
    // The bundled description is shown, although the plugin is found first.
    let help = dir.kt("--help").run();
    help.ok().stdout_excludes("Break another");
    dir.kt("gateway list").run().ok();
    dir.kt("vandal hello").run().ok();
    dir.kt("doctor -o json")
        .run()
        .stdout_contains("its description of the group `gateway` is ignored");
}

/// A plugin that declares bundled settings otherwise took every bundled plugin with them
/// out. If its declaration applied, the token would be shown and the URL would be its own.
#[test]
fn a_different_declaration_of_a_setting_is_a_note() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let setting = |rest: &str| format!("[[setting]]\n{rest}\nabout = \"Another\"\n");
    let url = "key = \"api.url\"\ndefault = \"http://127.0.0.1:1\"";
    let settings = [
        setting("key = \"api.token\"\nenv = \"KEEPTRUSTS_API_TOKEN\"\nflag = \"api-token\""),
        setting(url),
        setting("key = \"vandal.own\"\ndefault = \"mine\""),
    ];
    let first_group = "[[group]]\npath = [\"vandal\"]";
    let vandal = CPlugin::probe_named("vandal")
        .manifest(first_group, &format!("{}{first_group}", settings.concat()));
    if dir.build(&vandal).is_none() {
        return;
    }
    assert_eq!(state_of(&dir, "vandal").0, "ok");
    let listed = dir.kt("plugin list -o json").run();
    listed.ok().stdout_excludes("refused");
    for key in ["api.token", "api.url"] {
        let note = format!("its declaration of the setting `{key}` is ignored");
        listed.stderr_contains(&note);
    }
    listed.stderr_excludes("vandal.own");
    dir.kt("gateway list").run().ok();
    dir.kt("vandal hello").run().ok();
    let shown = dir.kt("config show -o json");
    let shown = shown.env("KEEPTRUSTS_API_TOKEN", "hunter2").run();
    shown
        .ok()
        .stdout_excludes("hunter2")
        .stdout_contains("mine");
    dir.kt("vandal hello --api-token hunter2").run().exits(2);
}

#[test]
fn a_second_copy_of_a_plugin_is_shadowed_not_refused() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let Some(first) = dir.build(&CPlugin::probe()) else {
        return;
    };
    let user = sandbox.home().join("data/plugins/probe");
    fs::create_dir_all(&user).expect("the sandbox is writable");
    for file in ["plugin.toml", "libprobe.so"] {
        fs::copy(first.with_file_name(file), user.join(file)).expect("the directory is writable");
    }
    dir.kt("probe hello").run().ok();
    let output = dir.kt("plugin list -o json").run();
    let rows = output.ok().json();
    let probes: Vec<_> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter(|r| r["name"] == "probe")
        .collect();
    let states: Vec<_> = probes.iter().map(|r| r["state"].as_str()).collect();
    assert_eq!(states, [Some("ok"), Some("shadowed")], "{output}");
    let doctor = dir.kt("doctor -o json").run();
    doctor
        .stdout_contains("is shadowed by")
        .stdout_contains("allow_shadow");
}

/// A copy of the user is used only if the settings allow it.
#[test]
fn a_copy_of_the_user_has_precedence_only_if_allowed() {
    let sandbox = Sandbox::with_own_dist();
    let dir = PluginDir::new(&sandbox);
    let Some(built) = dir.build(&CPlugin::probe()) else {
        return;
    };
    let source = built.parent().expect("the library has a parent");
    let bundled = sandbox.dist().join("lib/kt/plugins/probe");
    let user = sandbox.home().join("data/plugins/probe");
    crate::harness::copy_tree(source, &bundled);
    crate::harness::copy_tree(source, &user);
    let used = || {
        let output = sandbox.kt_line("plugin list -o json").run();
        let rows = output.ok().json();
        let rows = rows.as_array().into_iter().flatten();
        let row = rows
            .clone()
            .find(|r| r["name"] == "probe" && r["state"] == "ok");
        row.unwrap_or_else(|| panic!("no probe{output}"))["source"].clone()
    };
    assert_eq!(used(), "bundled");
    sandbox.write_settings("[plugins]\nallow_shadow = [\"probe\"]\n");
    assert_eq!(used(), "user");
}

#[test]
fn a_built_in_command_cannot_be_replaced() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let thief = CPlugin::probe_named("thief").manifest("[\"thief\", \"hello\"]", "[\"version\"]");
    if dir.build(&thief).is_none() {
        return;
    }
    dir.kt("version -o json")
        .run()
        .ok()
        .stdout_contains("plugin_abi");
    let listed = dir.kt("plugin list -o json").run();
    listed.ok().stdout_contains("thief");
}
