//! A Rust plugin that panics: a clear error with its name and path, exit 9,
//! never the end of the host.

use super::folder::PluginDir;
use crate::harness::Sandbox;
use rustix::process::Signal;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// Asserts exit 9 with the plugin's name, its path and `why`.
fn fails(line: &str, why: &str) {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let library = dir.misbehaving();
    let ran = dir.kt(line).run();
    ran.exits(9).silent();
    for part in ["misbehaving", &library.display().to_string(), why] {
        ran.err_has(part);
    }
    // Rust's own report is not for people.
    ran.err_lacks("RUST_BACKTRACE").err_lacks("thread '");
    dir.kt("misbehave not").run().ok();
}

#[test]
fn a_panic_in_a_command_is_an_error() {
    fails("misbehave panic", "panic in run");
}

#[test]
fn a_panic_in_drop_is_an_error() {
    fails("misbehave drop", "panic in drop");
}

#[test]
fn a_panic_in_a_provider_is_an_error_of_its_caller() {
    fails("misbehave provider", "panic in a provider");
}

#[test]
fn a_panic_in_init_is_an_error() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let library = dir.misbehaving();
    for how in ["init", "init-error"] {
        let ran = dir.kt("misbehave not").env("KT_MISBEHAVE", how).run();
        ran.exits(9)
            .err_has("misbehaving")
            .err_has(&library.display().to_string());
    }
}

#[test]
fn a_panic_in_a_thread_of_the_plugin_stays_there() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    dir.kt("misbehave thread")
        .run()
        .ok()
        .out_has("the thread panicked");
}

#[test]
fn records_of_a_plugin_obey_the_log_level() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    let lines = |args: &str| {
        let ran = dir.kt(&format!("misbehave log {args}")).run();
        ran.ok().out_has("logged");
        ran.stderr
            .lines()
            .filter(|l| l.contains("a record"))
            .count()
    };
    assert_eq!(lines("-q"), 1, "only errors");
    assert_eq!(lines(""), 2, "warnings too");
    assert_eq!(lines("-v"), 3);
    assert_eq!(lines("-vv"), 4);
    assert_eq!(lines("-vvv"), 5);
}

#[test]
fn signals_belong_to_the_host() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut running = dir.kt("misbehave wait").spawn();
        let ready = |_: &str, err: &str| err.contains("waiting").then_some(());
        running.wait_for("readiness", SOON, ready);
        running.signal(Signal::HUP);
        let reloaded = |_: &str, err: &str| err.contains("reload 1").then_some(());
        running.wait_for("the reload", SOON, reloaded);
        running.signal(signal);
        running.wait(SOON).exits(code);
    }
}

#[test]
fn events_are_lines_of_json() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    let mut running = dir.kt("misbehave wait -o json").spawn();
    let line = running.wait_for("an event", SOON, |out, _| {
        out.contains('\n').then(|| out.to_owned())
    });
    let event: serde_json::Value = serde_json::from_str(&line).expect("a line is one value");
    assert_eq!(event.get("event"), Some(&"waiting".into()));
    running.signal(Signal::TERM);
    running.wait(SOON).exits(143);
}

/// As in `kt … | head -2`: the reader had enough.
#[test]
fn a_command_whose_parts_nobody_reads_any_more_ends_quietly() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    for (format, third) in [("", "3"), ("-o json", "3"), ("-o yaml", "---")] {
        let (reader, writer) = std::io::pipe().expect("the system has pipes");
        let run = dir.kt(&format!("misbehave parts {format}"));
        let running = run.stdout_to(writer).spawn();
        let mut lines = BufReader::new(reader).lines();
        let read = lines.nth(2).expect("there are more").expect("it reads");
        assert_eq!(read, third, "{format}");
        drop(lines);
        let ran = running.wait(SOON);
        assert_eq!(ran.ok().stderr, "", "{ran}");
    }
}

#[test]
fn a_command_whose_parts_cannot_be_written_fails() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    let onto_full = |line: &str| {
        let full = File::options().write(true).open("/dev/full");
        let full = full.expect("Linux has it");
        dir.kt(line).stdout_to(full).run()
    };
    onto_full("misbehave parts")
        .exits(7)
        .err_has("cannot write to standard output")
        .err_has("No space left on device")
        .err_lacks("interrupted");
    let ran = onto_full("misbehave parts -o json");
    assert_eq!(ran.exits(7).error()["id"], "output-failed", "{ran}");
}
