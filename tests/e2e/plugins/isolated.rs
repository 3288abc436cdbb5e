//! Which libraries run in processes of their own.

use super::plugin_dir::{CPlugin, PluginDir};
use super::remaining::processes;
use crate::harness::{CommandOutput, Sandbox, TIMEOUT, wait_until};
use rustix::process::Signal;

const IN_PROCESS: &str = "api = \"^1.0\"\nisolation = \"in-process\"";
const PROCESS: &str = "api = \"^1.0\"\nisolation = \"process\"";

/// Runs the provider, which ends its process with code 5: whose that is shows where it
/// runs.
fn run(dir: &PluginDir<'_>, options: &str) -> CommandOutput {
    let line = format!("{options} probe reply --of faulty");
    dir.kt(&line).env("FAULT", "_exit-5").run()
}

fn assert_isolated(output: &CommandOutput) {
    output
        .exits(9)
        .stderr_contains("plugin `faulty` 1.0.0 failed in `answer`")
        .stderr_contains("its process exited with code 5");
}

fn with_faulty(from: &str, to: &str, test: impl FnOnce(&Sandbox, &PluginDir<'_>)) {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let faulty = CPlugin::faulty(false).manifest(from, to);
    if dir.build(&CPlugin::probe()).is_some() && dir.build(&faulty).is_some() {
        test(&sandbox, &dir);
    }
}

#[test]
fn a_library_of_a_third_party_that_only_provides_interfaces_is_isolated() {
    with_faulty("faulty", "faulty", |_, dir| assert_isolated(&run(dir, "")));
}

#[test]
fn a_manifest_leaves_the_process_only_if_the_user_allows_it() {
    with_faulty("api = \"^1.0\"", IN_PROCESS, |sandbox, dir| {
        assert_isolated(&run(dir, ""));
        sandbox.write_settings("[plugins]\nallow_in_process = ['faulty']\n");
        run(dir, "").exits(5).stderr_excludes("its process");
        assert_isolated(&run(dir, "--isolate"));
        sandbox.write_settings("[plugins]\nallow_in_process = ['faulty']\nisolate = ['faulty']\n");
        assert_isolated(&run(dir, ""));
    });
}

#[test]
fn a_manifest_may_require_a_process() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let faulty = CPlugin::faulty(true).manifest("api = \"^1.0\"", PROCESS);
    if dir.build(&faulty).is_none() {
        return;
    }
    let output = dir.kt("faulty").env("FAULT", "_exit-5").run();
    output
        .exits(9)
        .stderr_contains("its process exited with code 5 during `kt faulty`");
}

#[test]
fn a_memory_limit_has_a_unit() {
    with_faulty("faulty", "faulty", |sandbox, dir| {
        sandbox.write_settings("[plugins]\nmemory_limit = 'much'\n");
        run(dir, "")
            .exits(3)
            .stderr_contains("`plugins.memory_limit` is `much`")
            .stderr_contains("`512MiB`");
        sandbox.write_settings("[plugins]\nmemory_limit = 'none'\n");
        assert_isolated(&run(dir, ""));
    });
}

/// A crash is a fault at any time, or the end of the process during a call. A signal from
/// outside is neither that nor a run without a crash.
#[test]
fn an_isolated_library_that_crashes_in_every_run_is_quarantined() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::faulty(true)).is_none() {
        return;
    }
    let crash = |faults: &[&str]| {
        for fault in faults {
            let output = dir.kt("faulty --isolate").env("FAULT", fault).run();
            output.stderr_excludes("quarantined");
        }
    };
    let is_refused = || {
        let refused = dir.kt("faulty --isolate").run();
        refused.exits(9).stderr_contains("is quarantined");
        dir.kt("plugin enable faulty").run().ok();
        dir.kt("faulty --isolate").run().ok();
    };
    crash(&["segv", "_exit-0", "none", "abort", "term", "exit-5"]);
    crash(&["init-segv"]);
    is_refused();
    crash(&["shutdown-segv", "segv"]);
    // A crash in the process of kt is one of them.
    let in_process = dir.kt("faulty").env("FAULT", "segv").run();
    in_process.stderr_contains("crashed with SIGSEGV");
    is_refused();
    for _ in 0..4 {
        let checked = dir.kt("plugin verify faulty").env("FAULT", "init-segv");
        checked.run().exits(1).stdout_contains("SIGSEGV");
    }
    dir.kt("faulty --isolate").run().ok();
}

#[test]
fn an_isolated_command_is_cancelled_by_signals_and_reloads() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.misbehaving();
    let mut running = dir.kt("--isolate misbehave wait").spawn();
    let own = running.id();
    wait_until("the process of the plugin", TIMEOUT, || {
        processes(&sandbox).into_iter().find(|pid| *pid != own)
    });
    let shown = |text: &'static str| move |_: &str, err: &str| err.contains(text).then_some(());
    running.wait_for("readiness", TIMEOUT, shown("waiting"));
    running.signal(Signal::HUP);
    running.wait_for("the reload", TIMEOUT, shown("reload 1"));
    running.signal(Signal::TERM);
    running.wait(TIMEOUT).exits(143);
}
