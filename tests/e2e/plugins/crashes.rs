//! Plugins that crash or call `exit`: the report names the plugin, its version and what
//! was called, and the exit status is that of the signal.

use super::plugin_dir::{CPlugin, PluginDir};
use crate::harness::{CommandOutput, Sandbox};
use rustix::process::Signal;
use serde_json::Value;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// How a process ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// By this signal, so that core dumps and supervisors work as usual.
    Signal(Signal),
    /// With this exit code.
    Code(i32),
}

const EXITED: End = End::Code(9);

/// Runs the test with the probe, if there is a compiler.
fn with_probe(test: impl FnOnce(&PluginDir<'_>)) {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_some() {
        test(&dir);
    }
}

#[track_caller]
fn assert_end(output: &CommandOutput, end: End) {
    let expected = match end {
        End::Signal(signal) => (None, Some(signal.as_raw())),
        End::Code(code) => (Some(code), None),
    };
    assert_eq!((output.code(), output.signal()), expected, "{output}");
}

#[test]
fn a_crash_of_a_command_is_attributed() {
    with_probe(|dir| {
        let own_thread = "in a thread of its own, during command `probe misbehave`";
        let command = "in command `probe misbehave`";
        for (how, end, reason, place) in [
            (
                "segv",
                End::Signal(Signal::SEGV),
                "crashed with SIGSEGV",
                command,
            ),
            (
                "segv-in-libc",
                End::Signal(Signal::SEGV),
                "crashed with SIGSEGV",
                command,
            ),
            (
                "null-call",
                End::Signal(Signal::SEGV),
                "crashed with SIGSEGV",
                command,
            ),
            (
                "stack-overflow",
                End::Signal(Signal::SEGV),
                "SIGSEGV (stack overflow)",
                command,
            ),
            (
                "abort",
                End::Signal(Signal::ABORT),
                "crashed with SIGABRT",
                command,
            ),
            (
                "fpe",
                End::Signal(Signal::FPE),
                "crashed with SIGFPE",
                command,
            ),
            (
                "raise-fpe",
                End::Signal(Signal::FPE),
                "crashed with SIGFPE",
                command,
            ),
            (
                "ill",
                End::Signal(Signal::ILL),
                "crashed with SIGILL",
                command,
            ),
            (
                "bus",
                End::Signal(Signal::BUS),
                "crashed with SIGBUS",
                command,
            ),
            ("exit0", EXITED, "called `exit`", command),
            ("exit5", EXITED, "called `exit`", command),
            (
                "thread-segv",
                End::Signal(Signal::SEGV),
                "crashed with SIGSEGV",
                own_thread,
            ),
            (
                "thread-abort",
                End::Signal(Signal::ABORT),
                "crashed with SIGABRT",
                own_thread,
            ),
            ("thread-exit0", EXITED, "called `exit`", own_thread),
        ] {
            let output = dir.kt(&format!("probe misbehave {how}")).run();
            assert_end(&output, end);
            output
                .stdout_is_empty()
                .stderr_contains("error: plugin `probe` 1.0.0 ")
                .stderr_contains(reason)
                .stderr_contains(place)
                .stderr_contains("hint: this is a bug in the plugin; report it to its author");
            assert_eq!(output.stderr.lines().count(), 2, "{output}");
            dir.kt("probe hello").run().ok();
        }
    });
}

/// What no handler can observe ends the process as without one.
#[test]
fn a_direct_exit_is_not_observed() {
    with_probe(|dir| {
        let output = dir.kt("probe misbehave _exit5").run();
        output.exits(5).stdout_is_empty();
        let output = dir.kt("probe misbehave thread-stack-overflow").run();
        assert_end(&output, End::Signal(Signal::SEGV));
    });
}

#[test]
fn a_crash_outside_of_a_command_is_attributed() {
    with_probe(|dir| {
        for (variable, line, place) in [
            (
                "PROBE_CONSTRUCTOR",
                "probe hello",
                "in the constructors of its library",
            ),
            ("PROBE_IN_INIT", "probe hello", "in its `init`"),
            (
                "PROBE_IN_METHOD",
                "probe reply",
                "in method `answer` of interface `example.reply/1`",
            ),
            ("PROBE_IN_SHUTDOWN", "probe hello", "in its `shutdown`"),
        ] {
            for (how, end) in [
                ("segv", End::Signal(Signal::SEGV)),
                ("abort", End::Signal(Signal::ABORT)),
                ("exit0", EXITED),
            ] {
                let output = dir.kt(line).env(variable, how).run();
                assert_end(&output, end);
                output
                    .stderr_contains("error: plugin `probe` 1.0.0 ")
                    .stderr_contains(place);
                dir.kt("probe hello").run().ok();
            }
        }
    });
}

#[test]
fn a_report_is_json_if_results_are() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let home = "https://example.com/probe/issues";
    let license = "license = \"MIT OR Apache-2.0\"";
    let plugin = CPlugin::probe().manifest(license, &format!("{license}\nhomepage = \"{home}\""));
    if dir.build(&plugin).is_none() {
        return;
    }
    let output = dir.kt("probe misbehave segv -o json").run();
    assert_end(&output, End::Signal(Signal::SEGV));
    let report: Value = serde_json::from_str(&output.stderr).expect("the report is JSON");
    let error = &report["error"];
    assert_eq!(error["id"], "plugin-crashed", "{output}");
    assert_eq!(error["class"], "plugin", "{output}");
    assert_eq!(error["exit"], 139, "{output}");
    assert_eq!(error["data"]["plugin"], "probe", "{output}");
    assert_eq!(error["data"]["version"], "1.0.0", "{output}");
    let hint = error["hints"][0].as_str().expect("there is a hint");
    assert!(hint.ends_with(home), "{output}");
    let exited = dir.kt("probe misbehave exit0 -o json").run();
    assert_eq!(exited.exits(9).error()["id"], "plugin-exited", "{exited}");
}

/// A signal from another process is no crash of the plugin.
#[test]
fn a_signal_from_outside_is_not_blamed_on_the_plugin() {
    with_probe(|dir| {
        let mut running = dir.kt("probe misbehave hang").spawn();
        let started = |_: &str, err: &str| err.contains("hanging").then_some(());
        running.wait_for("the call", SOON, started);
        running.signal(Signal::ABORT);
        let output = running.wait(SOON);
        assert_end(&output, End::Signal(Signal::ABORT));
        output
            .stderr_contains("kt was ended by process")
            .stderr_excludes("crashed");
    });
}

#[test]
fn a_plugin_that_crashes_in_every_run_is_quarantined() {
    with_probe(|dir| {
        for how in ["segv", "exit0", "thread-abort"] {
            let output = dir.kt(&format!("probe misbehave {how}")).run();
            output.stderr_contains("error: plugin `probe` 1.0.0 ");
        }
        let refused = dir.kt("probe hello").run();
        refused.exits(9).stderr_contains("is quarantined");
        dir.kt("plugin enable probe").run().ok();
        dir.kt("probe hello").run().ok();
        // A check is not a run.
        for _ in 0..4 {
            let checked = dir.kt("plugin verify probe").env("PROBE_IN_INIT", "segv");
            checked.run().exits(1).stdout_contains("SIGSEGV");
        }
        dir.kt("probe hello").run().ok();
    });
}
