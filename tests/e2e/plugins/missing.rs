//! A distribution may omit any plugin: other commands work, and errors name the missing
//! package.

use crate::harness::{Sandbox, make_fifo};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A separate staged tree with its catalog.
struct Distribution {
    sandbox: Sandbox,
    plugins: Vec<(String, Vec<String>)>,
}

impl Distribution {
    fn new() -> Self {
        let sandbox = Sandbox::with_own_dist();
        let catalog = sandbox.kt_line("plugin catalog").run();
        let file = sandbox.dist().join("lib/kt/catalog.toml");
        fs::write(file, &catalog.ok().stdout).expect("the tree is writable");
        let listed = sandbox.kt_line("plugin list -o json").run();
        let rows = listed.ok().json();
        let plugins = rows.as_array().into_iter().flatten().map(plugin).collect();
        Self { sandbox, plugins }
    }

    fn plugin_dir(&self, plugin: &str) -> PathBuf {
        self.sandbox.dist().join("lib/kt/plugins").join(plugin)
    }

    /// Runs `test` without the directory of the plugin.
    fn without(&self, plugin: &str, test: impl FnOnce()) {
        let away = self.sandbox.root().join("away");
        fs::rename(self.plugin_dir(plugin), &away).expect("the directory exists");
        test();
        fs::rename(&away, self.plugin_dir(plugin)).expect("the directory was moved");
    }

    /// Checks commands that must work without `missing`.
    fn still_works(&self, missing: &str) {
        for line in [
            "--help",
            "version",
            "plugin list",
            "config show",
            "completion bash",
        ] {
            self.sandbox.kt_line(line).run().ok();
        }
        self.sandbox
            .kt_line("plugin verify")
            .run()
            .ok()
            .stdout_excludes(missing);
        let doctor = self.sandbox.kt_line("doctor").run();
        assert!(matches!(doctor.code(), Some(0 | 1)), "{doctor}");
        for (plugin, commands) in &self.plugins {
            for command in commands.iter().filter(|_| plugin != missing) {
                let help = self.sandbox.kt_line(&format!("{command} --help")).run();
                help.ok().stdout_contains("Usage:");
            }
        }
    }
}

fn plugin(row: &Value) -> (String, Vec<String>) {
    let commands = row["commands"].as_array().into_iter().flatten();
    let commands = commands
        .filter_map(|c| c.as_str().map(str::to_owned))
        .collect();
    (
        row["name"].as_str().unwrap_or_default().to_owned(),
        commands,
    )
}

#[test]
fn commands_of_a_missing_plugin_name_the_package() {
    let distribution = Distribution::new();
    assert!(!distribution.plugins.is_empty());
    for (plugin, commands) in &distribution.plugins {
        distribution.without(plugin, || {
            distribution.still_works(plugin);
            for command in commands {
                for line in [
                    command.clone(),
                    format!("{command} --any thing"),
                    format!("{command} --help"),
                ] {
                    let output = distribution.sandbox.kt_line(&line).run();
                    output
                        .exits(9)
                        .stdout_is_empty()
                        .stderr_contains("not installed");
                    output.stderr_contains(&format!("install the package `kt-{plugin}`"));
                }
                let output = distribution
                    .sandbox
                    .kt_line(&format!("{command} -o json"))
                    .run();
                let error = output.exits(9).error();
                assert_eq!(error["id"], "plugin-not-installed");
                assert_eq!(error["data"]["package"], format!("kt-{plugin}"));
            }
        });
    }
}

#[test]
fn without_a_catalog_commands_of_a_missing_plugin_are_unknown() {
    let distribution = Distribution::new();
    let file = distribution.sandbox.dist().join("lib/kt/catalog.toml");
    for broken in [
        None,
        Some("this is [no TOML"),
        Some("[[plugin]]\nplugin = 3\n"),
    ] {
        drop(fs::remove_file(&file));
        if let Some(text) = broken {
            fs::write(&file, text).expect("the tree is writable");
        }
        for (plugin, commands) in &distribution.plugins {
            distribution.without(plugin, || {
                distribution.still_works(plugin);
                if let Some(command) = commands.first() {
                    distribution
                        .sandbox
                        .kt_line(command)
                        .run()
                        .exits(2)
                        .stdout_is_empty();
                }
            });
        }
    }
}

/// A catalog names packages to install, so one that others can write is ignored; one
/// that is a FIFO does not block kt.
#[test]
fn a_catalog_that_is_not_trusted_is_ignored() {
    let distribution = Distribution::new();
    let file = distribution.sandbox.dist().join("lib/kt/catalog.toml");
    let Some((plugin, commands)) = distribution.plugins.iter().find(|(_, c)| !c.is_empty()) else {
        panic!("no plugin has a command");
    };
    distribution.without(plugin, || {
        let run = || distribution.sandbox.kt_line(&commands[0]).run();
        run().exits(9).stderr_contains("install the package");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("the test owns it");
        run().exits(2).stderr_excludes("install the package");
        fs::remove_file(&file).expect("the test owns it");
        make_fifo(&file);
        run().exits(2);
    });
}

#[test]
fn without_any_plugin_the_host_still_works() {
    let distribution = Distribution::new();
    let plugins = distribution.sandbox.dist().join("lib/kt/plugins");
    fs::remove_dir_all(&plugins).expect("the directory exists");
    for line in [
        "--help",
        "version",
        "plugin list",
        "config show",
        "completion zsh",
    ] {
        distribution.sandbox.kt_line(line).run().ok();
    }
    let output = distribution.sandbox.kt_line("gateway list").run();
    output
        .exits(9)
        .stderr_contains("install the package `kt-gateway-control`");
}

#[test]
fn a_missing_provider_is_reported_with_its_package() {
    let distribution = Distribution::new();
    distribution.without("control-plane", || {
        let output = distribution.sandbox.kt_line("gateway list").run();
        output
            .exits(9)
            .stdout_is_empty()
            .stderr_contains("`embedded` of `kt.control-plane/1`");
        output.stderr_contains("install the package `kt-control-plane`");
    });
}

#[test]
fn without_a_service_backend_install_lists_the_existing_ones() {
    let distribution = Distribution::new();
    distribution
        .sandbox
        .kt_line("gateway create --name production")
        .run()
        .ok();
    let install = |more: &str| {
        let line = format!("gateway install --id production --print {more}");
        distribution.sandbox.kt_line(&line).run()
    };
    distribution.without("service-systemd", || {
        let output = install("--backend systemd");
        output
            .exits(9)
            .stdout_is_empty()
            .stderr_contains("provider `systemd` of `kt.service/1` does not exist");
        output.stderr_contains("install the package `kt-service-systemd`");
        let here = install("");
        if here.code() == Some(9) {
            here.stderr_contains("`launchd`")
                .stderr_contains("it supports macos, and this is linux");
        }
        install("--backend launchd")
            .ok()
            .stdout_contains("dev.kt.gateway");
    });
    if !std::path::Path::new("/run/systemd/system").is_dir() {
        // All backends are installed, and none can be used on this system.
        let output = install("");
        output
            .exits(7)
            .stdout_is_empty()
            .stderr_contains("`/run/systemd/system` does not exist");
    }
    for backend in ["service-systemd", "service-launchd"] {
        fs::remove_dir_all(distribution.plugin_dir(backend)).expect("the plugin is staged");
    }
    let output = install("");
    output
        .exits(9)
        .stdout_is_empty()
        .stderr_contains("`kt.service/1`");
    output
        .stderr_contains("`kt-service-systemd`")
        .stderr_contains("`kt-service-launchd`");
}

#[test]
fn a_missing_library_is_reported() {
    let distribution = Distribution::new();
    let library = distribution
        .plugin_dir("gateway-control")
        .join("libgateway_control.so");
    fs::remove_file(&library).expect("the library exists");
    let output = distribution.sandbox.kt_line("gateway list").run();
    output
        .exits(9)
        .stderr_contains("gateway-control")
        .stderr_contains(&library.display().to_string());
    distribution.sandbox.kt_line("gateway --help").run().ok();
}
