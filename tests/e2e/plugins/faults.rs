//! What happens to a library in a process of its own does not happen to kt: each fault is
//! an error that names the plugin, its version and what ran, and no process remains.

use super::plugin_dir::{CPlugin, PluginDir};
use super::remaining::{assert_none_remain, processes};
use crate::harness::{CommandOutput, Sandbox, TIMEOUT, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// A fault, and the reason in the error; `None` if the call succeeds.
const FAULTS: [(&str, Option<&str>); 25] = [
    ("none", None),
    ("closes-stdout", None),
    ("writes-stdout", None),
    ("reads-stdin", None),
    ("fork", None),
    ("garbage", Some("")),
    ("empty", Some("it returned success without a result")),
    ("fail", Some("it returned status -1 without an error")),
    ("unsupported", Some("")),
    ("junk-error", Some("its error is malformed")),
    ("segv", Some("its process was ended by signal 11 (SIGSEGV)")),
    ("abort", Some("its process was ended by signal 6 (SIGABRT)")),
    ("stack", Some("its process was ended by signal")),
    ("trap", Some("its process was ended by signal 4 (SIGILL)")),
    (
        "thread-segv",
        Some("its process was ended by signal 11 (SIGSEGV)"),
    ),
    ("kill", Some("its process was ended by signal 9 (SIGKILL)")),
    ("term", Some("its process was ended by signal 15 (SIGTERM)")),
    ("exit-0", Some("called `exit` in")),
    ("exit-5", Some("called `exit` in")),
    ("_exit-0", Some("its process exited with code 0")),
    ("_exit-5", Some("its process exited with code 5")),
    ("fork-exit", Some("its process exited with code 5")),
    ("memory", Some("stderr: faulty: out of memory")),
    ("hang", Some("it did not return within")),
    ("spin", Some("it did not return within")),
];

/// The conversion of the fault `garbage` differs between commands and methods.
const GARBAGE: &str = "malformed";

fn with_faulty(with_command: bool, test: impl FnOnce(&PluginDir<'_>)) {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    sandbox.write_settings("[plugins]\nmemory_limit = '256MiB'\nisolate = ['faulty']\n");
    let caller = dir.build(&CPlugin::probe());
    if caller.is_some() && dir.build(&CPlugin::faulty(with_command)).is_some() {
        test(&dir);
    }
}

fn check(dir: &PluginDir<'_>, fault: &str, reason: Option<&str>, output: &CommandOutput) {
    match reason {
        None => {
            output
                .ok()
                .stderr_excludes("rogue")
                .stdout_excludes("rogue");
        }
        Some(reason) => {
            output
                .exits(9)
                .stdout_is_empty()
                .stderr_contains("plugin `faulty` 1.0.0")
                .stderr_contains(reason)
                .stderr_contains("hint: ");
        }
    }
    assert_none_remain(dir.sandbox());
    assert_ne!(fault, "");
    // The next fault is not the third crash in a row.
    dir.kt("plugin enable faulty").run().ok();
}

#[test]
fn a_fault_in_a_method_is_an_error_of_the_plugin() {
    with_faulty(false, |dir| {
        for (fault, reason) in FAULTS {
            let line = "probe reply --of faulty --options soon";
            let output = dir.kt(line).env("FAULT", fault).run();
            check(dir, fault, reason, &output);
            if reason.is_some() {
                output.stderr_contains("failed in `answer` of `example.reply/1` (`faulty`)");
            }
        }
    });
}

#[test]
fn a_fault_in_a_command_is_an_error_of_the_plugin() {
    with_faulty(true, |dir| {
        for (fault, reason) in FAULTS {
            let output = dir.kt("faulty --timeout 1s").env("FAULT", fault).run();
            let reason = match fault {
                "garbage" => Some(GARBAGE),
                "unsupported" => Some("it returned status -3 without an error"),
                _ => reason,
            };
            check(dir, fault, reason, &output);
            let ended = reason.is_some_and(|r| r.contains("process") || r.contains("within"));
            if ended {
                output.stderr_contains("during `kt faulty`");
            }
        }
    });
}

#[test]
fn a_fault_while_the_library_is_loaded_is_an_error_of_the_plugin() {
    with_faulty(false, |dir| {
        for (fault, reason) in [
            (
                "constructor-segv",
                "signal 11 (SIGSEGV) during `initialize`",
            ),
            ("constructor-exit", "called `exit` in the constructors"),
            ("init-segv", "signal 11 (SIGSEGV) during `initialize`"),
            ("init-exit", "called `exit` in its `init`"),
        ] {
            for line in ["probe reply --of faulty", "plugin verify faulty"] {
                let output = dir.kt(line).env("FAULT", fault).run();
                let whole = format!("{}{}", output.stdout, output.stderr);
                for part in ["plugin `faulty` 1.0.0", reason] {
                    assert!(whole.contains(part), "{fault}: no `{part}`{output}");
                }
                assert_none_remain(dir.sandbox());
            }
        }
    });
}

#[test]
fn a_fault_during_the_shutdown_does_not_change_the_result() {
    with_faulty(false, |dir| {
        for fault in ["shutdown-segv", "shutdown-hang"] {
            let line = "probe reply --of faulty -o json";
            let output = dir.kt(line).env("FAULT", fault).run();
            assert_eq!(output.ok().json(), json!("fine"), "{output}");
            assert_none_remain(dir.sandbox());
        }
    });
}

#[test]
fn an_error_has_the_last_lines_of_standard_error() {
    with_faulty(false, |dir| {
        let run = |options: &str| {
            let line = format!("probe reply --of faulty {options}");
            dir.kt(&line).env("FAULT", "last-words").run()
        };
        let output = run("");
        output
            .exits(9)
            .stderr_contains("stderr: line 6\n")
            .stderr_contains("stderr: line 25\n")
            .stderr_excludes("line 5\n");
        let error = run("-o json").error();
        let lines = error["data"]["stderr"].as_array().map(Vec::len);
        assert_eq!(lines, Some(20), "{error}");
        assert_eq!(error["data"]["plugin"], "faulty");
        run("-vv")
            .exits(9)
            .stderr_contains("debug faulty: line 1\n");
    });
}

/// The end of kt ends the process, whatever it does: the first signal ends a call that
/// checks for it, the second ends kt at once, and SIGKILL leaves the rest to the kernel.
#[test]
fn no_process_remains_after_a_signal() {
    with_faulty(true, |dir| {
        for (signal, code) in [
            (Signal::INT, Some(130)),
            (Signal::TERM, Some(143)),
            (Signal::KILL, None),
        ] {
            let mut running = dir.kt("faulty").env("FAULT", "hang").spawn();
            wait_until("the process of the plugin", TIMEOUT, || {
                (processes(dir.sandbox()).len() > 1).then_some(())
            });
            // Signals that are pending at the same time are one.
            wait_until("the end of kt", TIMEOUT, || {
                if !running.is_running() {
                    return Some(());
                }
                running.signal(signal);
                None
            });
            let ended = running.wait(TIMEOUT);
            assert_eq!(ended.code(), code, "{ended}");
            assert_none_remain(dir.sandbox());
        }
    });
}

#[test]
fn a_process_that_is_killed_from_outside_is_an_error() {
    with_faulty(true, |dir| {
        let running = dir.kt("faulty").env("FAULT", "hang").spawn();
        let own = running.id();
        let child = wait_until("the process of the plugin", TIMEOUT, || {
            processes(dir.sandbox()).into_iter().find(|pid| *pid != own)
        });
        let child = i32::try_from(child).ok().and_then(Pid::from_raw);
        kill_process(child.expect("a process id"), Signal::KILL).expect("it can be killed");
        running
            .wait(TIMEOUT)
            .exits(9)
            .stderr_contains("its process was ended by signal 9 (SIGKILL) during `");
        assert_none_remain(dir.sandbox());
    });
}
