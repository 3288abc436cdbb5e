//! Plugins that wait for the cancellation without an interval: the descriptor of the
//! context ends the wait.

use super::plugin_dir::{CPlugin, PluginDir, in_both_modes};
use crate::harness::{Background, CommandOutput, TIMEOUT};
use rustix::process::Signal;
use serde_json::{Value, json};

fn waiting(dir: &PluginDir<'_>, line: &str) -> Background {
    let mut running = dir.kt(line).spawn();
    let started = |out: &str, err: &str| {
        let event = out.contains("waiting") || err.contains("waiting");
        event.then_some(())
    };
    running.wait_for("the call", TIMEOUT, started);
    running
}

/// The result of `probe wait -o json`, which follows the event.
fn result(output: &CommandOutput) -> Value {
    let last = output.ok().stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}{output}"))
}

#[test]
fn a_signal_ends_a_wait_of_the_sdk() {
    in_both_modes(|dir| {
        dir.misbehaving();
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let running = waiting(dir, "misbehave sleep");
            running.signal(signal);
            running.wait(TIMEOUT).exits(code);
        }
    });
}

#[test]
fn a_deadline_ends_a_wait_of_the_sdk() {
    in_both_modes(|dir| {
        dir.misbehaving();
        dir.kt("misbehave sleep --timeout 100ms")
            .run()
            .exits(7)
            .stderr_contains("timed out");
        dir.kt("misbehave pause").run().ok().stdout_contains("None");
    });
}

#[test]
fn a_signal_ends_a_wait_in_c() {
    in_both_modes(|dir| {
        // Commands that run for long have no `--timeout`.
        let probe = CPlugin::probe().manifest("long_running = true\n", "");
        if dir.build(&probe).is_none() {
            return;
        }
        for (signal, reason) in [(Signal::INT, 1), (Signal::TERM, 2)] {
            let running = waiting(dir, "probe wait -o json");
            running.signal(signal);
            let result = result(&running.wait(TIMEOUT));
            assert_eq!(result, json!({ "ready": 1, "reason": reason }));
        }
        let ended = dir.kt("probe wait --timeout 100ms -o json").run();
        // The host notifies an isolated library of the deadline, which makes the descriptor readable.
        assert_eq!(result(&ended)["reason"], 3, "{ended}");
    });
}
