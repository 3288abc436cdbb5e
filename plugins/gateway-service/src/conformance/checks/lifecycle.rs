//! Checks of a service whose gateway works.

use super::assertions::ensure;
use crate::conformance::outcome::{CheckOutcome, Mismatch};
use crate::conformance::test_context::{HOSTILE, TestContext, TestService};
use crate::logs::{LogRange, read};
use kt_plugin_api::service::execute::Runner as _;
use kt_plugin_api::service::{Action, ActiveState, RenderOptions};
use rustix::process::Signal;
use std::fs;
use std::path::Path;

/// Seconds within which a service manager restarts a process; launchd has the longest
/// delay.
pub(super) const RESTART_TIMEOUT_S: u64 = 30;

/// Returns the process of the ready gateway, which must be the supervised one.
fn supervised_pid(test: &TestContext<'_>, target: &TestService) -> Result<u64, Mismatch> {
    let observed = test.observe(target)?;
    let pid = test.ready_pid(target).ok_or("the gateway is not ready")?;
    ensure(
        observed.reachable && observed.active_state == ActiveState::Active,
        "`observe` reports `reachable` and the state `active`, since the gateway is ready",
        || {
            format!(
                "reachable {}, state {:?} (`{}`)",
                observed.reachable, observed.active_state, observed.sub_state
            )
        },
    )?;
    let supervised = observed.pid.map(u64::from);
    ensure(
        supervised.is_none_or(|supervised| supervised == pid),
        "the `pid` that `observe` reports is the process that serves the gateway",
        || format!("{supervised:?} is supervised, and {pid} serves the gateway"),
    )?;
    Ok(pid)
}

pub(in crate::conformance) fn install(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("install the service and wait until it is ready");
        let outcome = test.install(&test.main)?;
        ensure(
            outcome.result == "installed",
            "the result `installed`",
            || format!("`{}`", outcome.result),
        )?;
        test.step("call `observe` for the installed service");
        let observed = test.observe(&test.main)?;
        ensure(
            observed.installed == Some(true),
            "`installed` is true",
            || format!("{:?}", observed.installed),
        )?;
        ensure(
            observed.enabled != Some(false),
            "`enabled` is not false",
            || format!("{:?}", observed.enabled),
        )?;
        supervised_pid(test, &test.main).map(drop)
    })
}

pub(in crate::conformance) fn install_again(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let modified = || -> Vec<_> {
            let record = test.record(&test.main);
            let files = record.into_iter().flat_map(|r| r.files);
            files
                .map(|f| fs::metadata(&f.path).and_then(|m| m.modified()).ok())
                .collect()
        };
        test.step("install the same service again");
        let (pid, before) = (supervised_pid(test, &test.main)?, modified());
        let outcome = test.install(&test.main)?;
        ensure(
            outcome.result == "unchanged",
            "the result `unchanged`",
            || format!("`{}`", outcome.result),
        )?;
        ensure_same_process(test, pid)?;
        ensure(modified() == before, "no file is written", || {
            "the modification time of a file has changed".to_owned()
        })
    })
}

/// Checks that the gateway of the main service is still process `pid`.
fn ensure_same_process(test: &TestContext<'_>, pid: u64) -> Result<(), Mismatch> {
    let current = supervised_pid(test, &test.main)?;
    let expected = "the gateway is not restarted";
    ensure(current == pid, expected, || {
        format!("it was process {pid}, and is process {current}")
    })
}

pub(in crate::conformance) fn arguments(test: &TestContext<'_>) -> CheckOutcome {
    if !has_command_lines() {
        return CheckOutcome::Skipped(
            "this system does not show the command line of a process".to_owned(),
        );
    }
    check_arguments(test).into()
}

fn has_command_lines() -> bool {
    Path::new("/proc/self/cmdline").exists()
}

/// Checks that the running process has the arguments and variables of the specification,
/// byte for byte, where the system shows them.
pub(super) fn check_arguments(test: &TestContext<'_>) -> Result<(), Mismatch> {
    let pid = supervised_pid(test, &test.main)?;
    if !has_command_lines() {
        return Ok(());
    }
    let strings = |name: &str| {
        let path = format!("/proc/{pid}/{name}");
        let bytes = fs::read(path)?;
        let strings = bytes.split(|&b| b == 0);
        let strings = strings.map(|s| String::from_utf8_lossy(s).into_owned());
        Ok::<Vec<String>, Mismatch>(strings.collect())
    };
    let spec = test.spec(&test.main)?;
    debug_assert!(spec.exec.iter().any(|word| word == HOSTILE));
    let mut arguments = strings("cmdline")?;
    arguments.retain(|word| !word.is_empty());
    let expected = format!("the arguments {:?}", spec.exec);
    ensure(arguments == spec.exec, &expected, || {
        format!("process {pid} has {arguments:?}")
    })?;
    let variables = strings("environ")?;
    for (name, value) in &spec.environment {
        let variable = format!("{name}={value}");
        let expected = format!("the variable {variable:?}");
        ensure(variables.contains(&variable), &expected, || {
            let prefix = format!("{name}=");
            let other = variables.iter().find(|v| v.starts_with(&prefix));
            format!("process {pid} has {other:?}")
        })?;
    }
    Ok(())
}

/// Waits until another process than `pid` is ready.
pub(super) fn wait_for_other_process(
    test: &TestContext<'_>,
    target: &TestService,
    pid: u64,
    seconds: u64,
) -> Result<u64, Mismatch> {
    let expected = format!("a gateway with another process ID than {pid} is ready");
    test.wait_until(&expected, seconds, || {
        test.ready_pid(target).filter(|current| *current != pid)
    })
}

pub(in crate::conformance) fn crash(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("kill the gateway with SIGKILL");
        let pid = supervised_pid(test, &test.main)?;
        test.signal(pid, Signal::KILL)?;
        wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S)?;
        supervised_pid(test, &test.main).map(drop)
    })
}

pub(in crate::conformance) fn hang(test: &TestContext<'_>) -> CheckOutcome {
    if !test.description.capabilities.watchdog {
        return CheckOutcome::Skipped("the service manager has no watchdog".to_owned());
    }
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        test.step("suspend the gateway with SIGSTOP");
        test.signal(pid, Signal::STOP)?;
        let restarted = wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S);
        // The stopped process must not remain after a failed check.
        drop(test.signal(pid, Signal::KILL));
        restarted.map(drop)
    })
}

pub(in crate::conformance) fn stop_start(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        for _ in 0..3 {
            let pid = supervised_pid(test, &test.main)?;
            for expected in ["stopped", "already stopped"] {
                perform(test, Action::Stop, expected)?;
            }
            let observed = test.observe(&test.main)?;
            let expected = "`observe` reports a stopped service as `inactive`";
            ensure(
                observed.active_state == ActiveState::Inactive,
                expected,
                || format!("{:?} (`{}`)", observed.active_state, observed.sub_state),
            )?;
            let expected = "the gateway does not respond after the stop has completed";
            ensure(test.instance_status(&test.main).is_none(), expected, || {
                format!("process {pid} responds")
            })?;
            for expected in ["started", "already running"] {
                perform(test, Action::Start, expected)?;
            }
        }
        supervised_pid(test, &test.main).map(drop)
    })
}

fn perform(test: &TestContext<'_>, action: Action, expected: &str) -> Result<(), Mismatch> {
    test.step(&format!("perform {action:?}"));
    let outcome = test.perform(&test.main, action)?;
    ensure(
        outcome.result == expected,
        &format!("the result `{expected}`"),
        || format!("`{}`", outcome.result),
    )
}

pub(in crate::conformance) fn restart(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("restart the service");
        let pid = supervised_pid(test, &test.main)?;
        test.perform(&test.main, Action::Restart)?;
        wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S)?;
        supervised_pid(test, &test.main).map(drop)
    })
}

pub(in crate::conformance) fn reload(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        let valid = test.environment.home.join("policy.yaml");
        let invalid = test.environment.home.join("invalid.yaml");
        fs::write(&invalid, "policies: {chain: [nonsense]}\n")?;
        for (file, expected) in [(&valid, 0), (&invalid, 2)] {
            let file = file.display().to_string();
            let id = &test.main.gateway_id;
            let args = ["gateway", "reload", "--id", id, "--file", &file];
            let (code, _, stderr) = test.environment.run_kt(&test.runner, &args);
            test.step(&format!("run `kt {}`", args.join(" ")));
            ensure(
                code == Some(expected),
                &format!("exit code {expected}"),
                || format!("{code:?}: {stderr}"),
            )?;
            ensure_same_process(test, pid)?;
        }
        Ok(())
    })
}

pub(in crate::conformance) fn log(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let spec = test.spec(&test.main)?;
        let range = LogRange {
            lines: 1_000,
            since: None,
        };
        let service = test.service_context(&test.runner);
        let lines = read(&service, &spec, range)?;
        let address = format!("127.0.0.1:{}", test.main.port());
        test.step("read the log as `kt gateway logs` does");
        let expected = format!("a line with the address {address}");
        ensure(
            lines.iter().any(|l| l.message.contains(&address)),
            &expected,
            || format!("{} lines without it", lines.len()),
        )
    })
}

pub(in crate::conformance) fn two_services(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        test.install(&test.other)?;
        test.step("install a second service");
        let other = supervised_pid(test, &test.other)?;
        ensure(other != pid, "a process for each service", || {
            format!("both services are process {pid}")
        })?;
        test.step("remove the second service");
        test.uninstall(&test.other)?;
        let expected = "the second gateway does not respond after its removal";
        ensure(
            test.instance_status(&test.other).is_none(),
            expected,
            || format!("process {other} responds"),
        )?;
        ensure_same_process(test, pid)
    })
}

/// Checks that nothing of the service is left.
pub(super) fn check_removed(test: &TestContext<'_>, target: &TestService) -> Result<(), Mismatch> {
    let spec = test.spec(target)?;
    let service = test.service_context(&test.runner);
    let options = RenderOptions::default();
    let plan = service.render(Action::Uninstall, &spec, None, options);
    for artifact in plan?.artifacts {
        let content = test.runner.read(&artifact.path)?;
        ensure(content.is_none(), "no file of the service is left", || {
            format!("`{}` exists", artifact.path.display())
        })?;
    }
    let observed = test.observe(target)?;
    ensure(
        observed.installed != Some(true) && !observed.orphaned,
        "`observe` reports a removed service as not `installed`, and not `orphaned`",
        || {
            format!(
                "installed {:?}, orphaned {}",
                observed.installed, observed.orphaned
            )
        },
    )?;
    let expected = "the gateway does not respond";
    ensure(test.instance_status(target).is_none(), expected, || {
        "it responds".to_owned()
    })?;
    let expected = "kt has no record of the service";
    ensure(test.record(target).is_none(), expected, || {
        "it has one".to_owned()
    })
}

pub(in crate::conformance) fn uninstall(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        for round in ["remove the service", "remove it again"] {
            test.step(round);
            test.uninstall(&test.main)?;
            check_removed(test, &test.main)?;
        }
        Ok(())
    })
}
