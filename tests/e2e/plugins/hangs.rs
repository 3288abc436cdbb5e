//! Plugins that do not return, or change signal actions of the host.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{Background, Sandbox};
use rustix::process::Signal;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// Starts the probe, which does not return, and waits until its command is called.
fn hanging(dir: &PluginDir<'_>, how: &str, variables: &[(&str, &str)]) -> Background {
    let mut command = dir.kt(&format!("probe misbehave {how}"));
    for (name, value) in variables {
        command = command.env(name, value);
    }
    let mut running = command.spawn();
    let started = |_: &str, err: &str| err.contains("hanging").then_some(());
    running.wait_for("the call", SOON, started);
    running
}

/// Sends a signal until the process ends: signals of one kind that are pending at the
/// same time are delivered once, so that two may not be enough.
fn send_until_ended(running: &mut Background, signal: Signal) {
    while running.is_running() {
        running.signal(signal);
        std::thread::yield_now();
    }
}

#[test]
fn the_second_signal_ends_a_command_that_does_not_return() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_none() {
        return;
    }
    for (how, signal, code, name) in [
        ("hang", Signal::INT, 130, "SIGINT"),
        ("spin", Signal::TERM, 143, "SIGTERM"),
    ] {
        let mut running = hanging(&dir, how, &[]);
        send_until_ended(&mut running, signal);
        running
            .wait(SOON)
            .exits(code)
            .stdout_is_empty()
            .stderr_contains("plugin `probe` 1.0.0 did not return from command `probe misbehave`")
            .stderr_contains(name);
    }
}

/// The command declares that it changes nothing, so that there is nothing to undo.
#[test]
fn one_signal_ends_a_command_with_nothing_to_undo() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_none() {
        return;
    }
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let running = hanging(&dir, "hang", &[]);
        running.signal(signal);
        running
            .wait(SOON)
            .exits(code)
            .stdout_is_empty()
            .stderr_contains("did not return from command `probe misbehave` within 1 s");
    }
}

/// The process ends some seconds after the deadline.
#[test]
fn an_expired_deadline_ends_a_command_that_does_not_return() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_none() {
        return;
    }
    let text = "error: plugin `probe` 1.0.0 did not return from";
    let command = dir.kt("probe misbehave hang --timeout 100ms").spawn();
    let reply = dir.kt("probe reply --timeout 100ms");
    let method = reply.env("PROBE_IN_METHOD", "hang").spawn();
    for (running, what) in [
        (command, "command `probe misbehave`"),
        (method, "method `answer` of interface `example.reply/1`"),
    ] {
        running
            .wait(Duration::from_secs(30))
            .exits(9)
            .stdout_is_empty()
            .stderr_contains(&format!("{text} {what} within"))
            .stderr_contains("hint: this is a bug in the plugin");
    }
}

#[test]
fn signal_actions_that_a_plugin_changed_are_restored() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_none() {
        return;
    }
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut running = hanging(&dir, "hang", &[("PROBE_IN_INIT", "signals")]);
        send_until_ended(&mut running, signal);
        running
            .wait(SOON)
            .exits(code)
            .stderr_contains("plugin `probe` 1.0.0 changed how kt handles signals");
    }
}

/// The command still runs, and no other call follows.
#[test]
fn signal_actions_that_a_method_changed_are_restored() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_none() {
        return;
    }
    let run = dir.kt("probe call-and-wait");
    let mut running = run.env("PROBE_IN_METHOD", "signals").spawn();
    let waits = |_: &str, err: &str| err.contains("waiting").then_some(());
    running.wait_for("the command", SOON, waits);
    send_until_ended(&mut running, Signal::INT);
    running
        .wait(SOON)
        .stderr_contains("plugin `probe` 1.0.0 changed how kt handles signals");
}

/// A plugin that ends its process, or hangs, is a row among the others.
#[test]
fn checks_of_plugins_survive_each_of_them() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::greeter()).is_none() {
        return;
    }
    dir.build(&CPlugin::probe());
    for (variable, how, reason) in [
        (
            "PROBE_CONSTRUCTOR",
            "segv",
            "crashed with SIGSEGV (invalid memory reference) in the constructors of its library",
        ),
        (
            "PROBE_IN_INIT",
            "abort",
            "crashed with SIGABRT (abort) in its `init`",
        ),
        (
            "PROBE_CONSTRUCTOR",
            "exit0",
            "called `exit` in the constructors of its library",
        ),
        (
            "PROBE_IN_INIT",
            "_exit5",
            "ended the process with exit code 5",
        ),
        (
            "PROBE_IN_INIT",
            "hang",
            "did not return from its `init` within 5 s",
        ),
    ] {
        let verified = dir.kt("plugin verify -o json").env(variable, how).run();
        let rows = verified.exits(1).json();
        let rows = rows.as_array().expect("there are rows");
        assert!(rows.len() > 5, "{verified}");
        for row in rows {
            let expected = if row["name"] == "probe" {
                "failed"
            } else {
                "ok"
            };
            assert_eq!(row["state"], expected, "{verified}");
            if expected == "failed" {
                let text = row["reason"].as_str().unwrap_or_default();
                assert!(text.contains(reason), "{reason}: {verified}");
            }
        }
    }
    let doctor = dir.kt("doctor").env("PROBE_CONSTRUCTOR", "segv").run();
    doctor
        .exits(1)
        .stdout_contains("plugin `probe` 1.0.0 crashed with SIGSEGV")
        .stdout_contains("the embedded store is reachable");
    let path = dir.path().join("probe").display().to_string();
    let tested = dir.kt(&format!("plugin test {path}"));
    tested
        .env("PROBE_IN_INIT", "exit0")
        .run()
        .exits(1)
        .stdout_contains("called `exit` in its `init`");
}
