//! Installations that are killed, or run at the same time, leave the old or the new
//! plugin.

use super::user_plugins::UserPlugins;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// More changes than any command makes.
const MAX_CHANGES: u32 = 20;
const LIMIT: Duration = Duration::from_secs(120);

/// Returns the installed version, which runs and is not reported as changed.
fn version(plugins: &UserPlugins) -> Option<String> {
    if plugins.probe().symlink_metadata().is_err() {
        plugins.kt("probe hello").run().exits(2);
        return None;
    }
    plugins.runs();
    let info = plugins.kt("plugin info probe -o json").run();
    assert_eq!(info.ok().text_at("/state"), "ok");
    Some(info.text_at("/version"))
}

/// Runs a command that is killed before its first change, its second one and so on, each
/// time from the same state, until it is not killed any more.
fn killed_everywhere(
    plugins: &UserPlugins,
    prepare: &dyn Fn(),
    line: &str,
    old: Option<&str>,
    new: Option<&str>,
) {
    let mut seen = Vec::new();
    for change in 1..=MAX_CHANGES {
        drop(fs::remove_dir_all(plugins.sandbox.home()));
        prepare();
        let killed = plugins
            .kt(line)
            .env("KT_CRASH_AT", format!("plugin:{change}"))
            .run();
        let found = version(plugins);
        let found = found.as_deref();
        assert!(
            found == old || found == new,
            "{line} at {change}: {found:?}"
        );
        seen.push(found.map(str::to_owned));
        // Another attempt completes, and removes what was left.
        plugins.kt(line).run().ok();
        assert_eq!(version(plugins).as_deref(), new, "{line} after {change}");
        let hidden = fs::read_dir(plugins.dir()).expect("it exists").flatten();
        let hidden = hidden.filter(|e| e.file_name().to_string_lossy().starts_with('.'));
        assert_eq!(hidden.count(), 0, "{line} at {change}");
        if killed.code().is_some() {
            killed.ok();
            assert!(change > 2, "only {change} changes of {line}");
            assert!(seen.contains(&old.map(str::to_owned)), "{seen:?}");
            return;
        }
    }
    panic!("more than {MAX_CHANGES} changes");
}

#[test]
fn a_killed_change_leaves_the_old_or_the_new_plugin() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let (one, two) = (plugins.source("one"), plugins.source_2("two"));
    let install = |path: &Path| format!("plugin install {} --yes --force", path.display());
    let installed = || {
        plugins.install(&one, "").ok();
    };
    let dropped = || {
        plugins.drop_in();
    };
    let linked = || {
        let line = format!("plugin link {}", one.display());
        plugins.kt(&line).run().ok();
    };
    let nothing = || {};
    killed_everywhere(&plugins, &nothing, &install(&one), None, Some("1.0.0"));
    killed_everywhere(
        &plugins,
        &installed,
        &install(&two),
        Some("1.0.0"),
        Some("2.0.0"),
    );
    killed_everywhere(
        &plugins,
        &dropped,
        &install(&two),
        Some("1.0.0"),
        Some("2.0.0"),
    );
    killed_everywhere(
        &plugins,
        &linked,
        &install(&two),
        Some("1.0.0"),
        Some("2.0.0"),
    );
    let link = format!("plugin link {} --force", two.display());
    killed_everywhere(&plugins, &installed, &link, Some("1.0.0"), Some("2.0.0"));
}

#[test]
fn a_killed_removal_leaves_the_plugin_or_nothing() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let one = plugins.source("one");
    for change in 1..=3 {
        drop(fs::remove_dir_all(plugins.sandbox.home()));
        plugins.install(&one, "").ok();
        let killed = plugins
            .kt("plugin remove probe")
            .env("KT_CRASH_AT", format!("plugin:{change}"))
            .run();
        assert_eq!(killed.code(), None, "{change}");
        let expected = (change == 1).then_some("1.0.0");
        assert_eq!(version(&plugins).as_deref(), expected, "{change}");
        plugins.install(&one, "--force").ok();
        assert_eq!(version(&plugins).as_deref(), Some("1.0.0"));
    }
}

#[test]
fn twenty_changes_at_once_leave_a_plugin_that_can_be_used() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let (one, two) = (plugins.source("one"), plugins.source_2("two"));
    let lines = [
        format!("plugin install {} --yes --force", one.display()),
        format!("plugin install {} --yes --force", two.display()),
        "plugin remove probe".to_owned(),
        "plugin list".to_owned(),
    ];
    let running: Vec<_> = (0..20)
        .map(|i| plugins.kt(&lines[i % lines.len()]).spawn())
        .collect();
    for process in running {
        let output = process.wait(LIMIT);
        // A plugin that was removed meanwhile does not exist.
        assert!(matches!(output.code(), Some(0 | 5)), "{output}");
    }
    drop(version(&plugins));
    plugins.install(&one, "--force").ok();
    assert_eq!(version(&plugins).as_deref(), Some("1.0.0"));
    let first_use: Vec<_> = {
        fs::remove_file(plugins.lock()).expect("it exists");
        (0..20).map(|_| plugins.kt("probe hello").spawn()).collect()
    };
    for process in first_use {
        process.wait(LIMIT).ok();
    }
}
