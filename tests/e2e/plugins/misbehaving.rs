//! A Rust plugin that panics: the error has its name and path and exit code 9, and the
//! host does not crash.

use super::plugin_dir::in_both_modes;
use rustix::process::Signal;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// Asserts exit code 9 with the name and the path of the plugin, and `reason`.
fn fails(line: &str, reason: &str) {
    in_both_modes(|dir| {
        let library = dir.misbehaving();
        let output = dir.kt(line).run();
        output.exits(9).stdout_is_empty();
        for part in ["misbehaving", &library.display().to_string(), reason] {
            output.stderr_contains(part);
        }
        // The default panic message is not printed.
        output
            .stderr_excludes("RUST_BACKTRACE")
            .stderr_excludes("thread '");
        dir.kt("misbehave not").run().ok();
    });
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
fn a_panic_in_a_provider_is_an_error_for_the_caller() {
    fails("misbehave provider", "panic in a provider");
}

#[test]
fn a_panic_in_init_is_an_error() {
    in_both_modes(|dir| {
        let library = dir.misbehaving();
        for how in ["init", "init-error"] {
            let output = dir.kt("misbehave not").env("KT_MISBEHAVE", how).run();
            output
                .exits(9)
                .stderr_contains("misbehaving")
                .stderr_contains(&library.display().to_string());
        }
    });
}

#[test]
fn a_panic_in_a_thread_of_the_plugin_is_contained() {
    in_both_modes(|dir| {
        dir.misbehaving();
        dir.kt("misbehave thread")
            .run()
            .ok()
            .stdout_contains("the thread panicked");
    });
}

#[test]
fn the_log_level_applies_to_plugins() {
    in_both_modes(|dir| {
        dir.misbehaving();
        let lines = |args: &str| {
            let output = dir.kt(&format!("misbehave log {args}")).run();
            output.ok().stdout_contains("logged");
            output
                .stderr
                .lines()
                .filter(|l| l.contains("a record"))
                .count()
        };
        assert_eq!(lines("-q"), 1, "only errors");
        assert_eq!(lines(""), 2, "warnings too");
        assert_eq!(lines("-v"), 3);
        assert_eq!(lines("-vv"), 4);
        assert_eq!(lines("-vvv"), 5);
    });
}

#[test]
fn signals_are_handled_by_the_host() {
    in_both_modes(|dir| {
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
    });
}

#[test]
fn events_are_json_lines() {
    in_both_modes(|dir| {
        dir.misbehaving();
        let mut running = dir.kt("misbehave wait -o json").spawn();
        let line = running.wait_for("an event", SOON, |out, _| {
            out.contains('\n').then(|| out.to_owned())
        });
        let event: serde_json::Value = serde_json::from_str(&line).expect("a line is one value");
        assert_eq!(event.get("event"), Some(&"waiting".into()));
        running.signal(Signal::TERM);
        running.wait(SOON).exits(143);
    });
}

/// As in `kt … | head -2`.
#[test]
fn a_command_ends_without_error_if_the_reader_closes_the_pipe() {
    in_both_modes(|dir| {
        dir.misbehaving();
        for (format, third) in [("", "3"), ("-o json", "3"), ("-o yaml", "---")] {
            let (reader, writer) = std::io::pipe().expect("a pipe can be created");
            let run = dir.kt(&format!("misbehave partial-results {format}"));
            let running = run.stdout_to(writer).spawn();
            let mut lines = BufReader::new(reader).lines();
            let read = lines
                .nth(2)
                .expect("there is a third line")
                .expect("the line can be read");
            assert_eq!(read, third, "{format}");
            drop(lines);
            let output = running.wait(SOON);
            assert_eq!(output.ok().stderr, "", "{output}");
        }
    });
}

#[test]
fn a_command_fails_if_its_parts_cannot_be_written() {
    in_both_modes(|dir| {
        dir.misbehaving();
        let onto_full = |line: &str| {
            let full = File::options().write(true).open("/dev/full");
            let full = full.expect("/dev/full exists");
            dir.kt(line).stdout_to(full).run()
        };
        onto_full("misbehave partial-results")
            .exits(7)
            .stderr_contains("cannot write to standard output")
            .stderr_contains("No space left on device")
            .stderr_excludes("interrupted");
        let output = onto_full("misbehave partial-results -o json");
        assert_eq!(output.exits(7).error()["id"], "output-failed", "{output}");
    });
}
