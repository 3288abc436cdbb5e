//! Checks of a service whose gateway works.

use super::assertions::{describe_error, ensure};
use crate::conformance::outcome::CheckOutcome;
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
fn supervised_pid(test: &TestContext<'_, '_>, target: &TestService) -> Result<u64, String> {
    let observed = test.observe(target).map_err(|e| describe_error(&e))?;
    let pid = test.ready_pid(target).ok_or("the gateway is not ready")?;
    ensure(
        observed.reachable && observed.active_state == ActiveState::Active,
        || {
            format!(
                "the backend reports the state {:?} (`{}`)",
                observed.active_state, observed.sub_state
            )
        },
    )?;
    let supervised = observed.pid.map(u64::from);
    ensure(
        supervised.is_none_or(|supervised| supervised == pid),
        || format!("process {pid} serves the gateway, but {supervised:?} is supervised"),
    )?;
    Ok(pid)
}

pub(in crate::conformance) fn install(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let outcome = test.install(&test.main).map_err(|e| describe_error(&e))?;
        ensure(outcome.result == "installed", || {
            format!("the installation ended with `{}`", outcome.result)
        })?;
        let observed = test.observe(&test.main).map_err(|e| describe_error(&e))?;
        ensure(observed.installed == Some(true), || {
            "the backend does not report the service as installed".to_owned()
        })?;
        ensure(observed.enabled != Some(false), || {
            "the service is not enabled".to_owned()
        })?;
        supervised_pid(test, &test.main).map(drop)
    })
}

pub(in crate::conformance) fn install_again(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let modified = || -> Vec<_> {
            let record = test.record(&test.main);
            let files = record.into_iter().flat_map(|r| r.files);
            files
                .map(|f| fs::metadata(&f.path).and_then(|m| m.modified()).ok())
                .collect()
        };
        let (pid, before) = (supervised_pid(test, &test.main)?, modified());
        let outcome = test.install(&test.main).map_err(|e| describe_error(&e))?;
        ensure(outcome.result == "unchanged", || {
            format!("the installation ended with `{}`", outcome.result)
        })?;
        ensure(supervised_pid(test, &test.main)? == pid, || {
            "the gateway was restarted".to_owned()
        })?;
        ensure(modified() == before, || {
            "the files were written again".to_owned()
        })
    })
}

pub(in crate::conformance) fn arguments(test: &TestContext<'_, '_>) -> CheckOutcome {
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
pub(super) fn check_arguments(test: &TestContext<'_, '_>) -> Result<(), String> {
    let pid = supervised_pid(test, &test.main)?;
    if !has_command_lines() {
        return Ok(());
    }
    let strings = |name: &str| {
        let path = format!("/proc/{pid}/{name}");
        let bytes = fs::read(path).map_err(|e| e.to_string())?;
        let strings = bytes.split(|&b| b == 0);
        let strings = strings.map(|s| String::from_utf8_lossy(s).into_owned());
        Ok::<Vec<String>, String>(strings.collect())
    };
    let spec = test.spec(&test.main).map_err(|e| describe_error(&e))?;
    debug_assert!(spec.exec.iter().any(|word| word == HOSTILE));
    let mut arguments = strings("cmdline")?;
    arguments.retain(|word| !word.is_empty());
    ensure(arguments == spec.exec, || {
        format!("the command line is {arguments:?}, not {:?}", spec.exec)
    })?;
    let variables = strings("environ")?;
    for (name, value) in &spec.environment {
        ensure(variables.contains(&format!("{name}={value}")), || {
            format!("the variable `{name}` is not {value:?}")
        })?;
    }
    Ok(())
}

/// Waits until another process than `pid` is ready.
pub(super) fn wait_for_other_process(
    test: &TestContext<'_, '_>,
    target: &TestService,
    pid: u64,
    seconds: u64,
) -> Result<u64, String> {
    test.wait_until("a new process is ready", seconds, || {
        test.ready_pid(target).filter(|current| *current != pid)
    })
}

pub(in crate::conformance) fn crash(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        test.signal(pid, Signal::KILL)?;
        wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S)?;
        supervised_pid(test, &test.main).map(drop)
    })
}

pub(in crate::conformance) fn hang(test: &TestContext<'_, '_>) -> CheckOutcome {
    if !test.description.capabilities.watchdog {
        return CheckOutcome::Skipped("the service manager has no watchdog".to_owned());
    }
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        test.signal(pid, Signal::STOP)?;
        let restarted = wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S);
        // The stopped process must not remain after a failed check.
        drop(test.signal(pid, Signal::KILL));
        restarted.map(drop)
    })
}

pub(in crate::conformance) fn stop_start(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        for _ in 0..3 {
            let pid = supervised_pid(test, &test.main)?;
            for expected in ["stopped", "already stopped"] {
                perform(test, Action::Stop, expected)?;
            }
            let observed = test.observe(&test.main).map_err(|e| describe_error(&e))?;
            ensure(observed.active_state == ActiveState::Inactive, || {
                format!(
                    "the backend reports a stopped service as {:?}",
                    observed.active_state
                )
            })?;
            ensure(test.instance_status(&test.main).is_none(), || {
                format!("process {pid} responds after the stop")
            })?;
            for expected in ["started", "already running"] {
                perform(test, Action::Start, expected)?;
            }
        }
        supervised_pid(test, &test.main).map(drop)
    })
}

fn perform(test: &TestContext<'_, '_>, action: Action, expected: &str) -> Result<(), String> {
    let outcome = test
        .perform(&test.main, action)
        .map_err(|e| describe_error(&e))?;
    ensure(outcome.result == expected, || {
        format!(
            "{action:?} ended with `{}`, not `{expected}`",
            outcome.result
        )
    })
}

pub(in crate::conformance) fn restart(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        test.perform(&test.main, Action::Restart)
            .map_err(|e| describe_error(&e))?;
        wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S)?;
        supervised_pid(test, &test.main).map(drop)
    })
}

pub(in crate::conformance) fn reload(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        let valid = test.environment.home.join("policy.yaml");
        let invalid = test.environment.home.join("invalid.yaml");
        fs::write(&invalid, "policies: {chain: [nonsense]}\n").map_err(|e| e.to_string())?;
        for (file, expected) in [(&valid, 0), (&invalid, 2)] {
            let file = file.display().to_string();
            let id = &test.main.gateway_id;
            let args = ["gateway", "reload", "--id", id, "--file", &file];
            let (code, _, stderr) = test.environment.run_kt(test.runner, &args);
            ensure(code == Some(expected), || {
                format!("`kt gateway reload` exited with {code:?}, not {expected}: {stderr}")
            })?;
            ensure(supervised_pid(test, &test.main)? == pid, || {
                "the reload restarted the gateway".to_owned()
            })?;
        }
        Ok(())
    })
}

pub(in crate::conformance) fn log(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let spec = test.spec(&test.main).map_err(|e| describe_error(&e))?;
        let range = LogRange {
            lines: 1_000,
            since: None,
        };
        let service = test.service_context(test.runner);
        let lines = read(&service, &spec, range).map_err(|e| describe_error(&e))?;
        let address = format!("127.0.0.1:{}", test.main.port());
        ensure(lines.iter().any(|l| l.message.contains(&address)), || {
            format!("none of {} lines contains {address}", lines.len())
        })
    })
}

pub(in crate::conformance) fn two_services(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let pid = supervised_pid(test, &test.main)?;
        test.install(&test.other).map_err(|e| describe_error(&e))?;
        let other = supervised_pid(test, &test.other)?;
        ensure(other != pid, || {
            "both services are the same process".to_owned()
        })?;
        test.uninstall(&test.other)
            .map_err(|e| describe_error(&e))?;
        ensure(test.instance_status(&test.other).is_none(), || {
            "the second gateway responds after its removal".to_owned()
        })?;
        ensure(supervised_pid(test, &test.main)? == pid, || {
            "the first gateway was restarted".to_owned()
        })
    })
}

/// Checks that nothing of the service is left.
pub(super) fn check_removed(
    test: &TestContext<'_, '_>,
    target: &TestService,
) -> Result<(), String> {
    let spec = test.spec(target).map_err(|e| describe_error(&e))?;
    let service = test.service_context(test.runner);
    let options = RenderOptions::default();
    let plan = service.render(Action::Uninstall, &spec, None, options);
    for artifact in plan.map_err(|e| describe_error(&e))?.artifacts {
        let content = test
            .runner
            .read(&artifact.path)
            .map_err(|e| e.to_string())?;
        ensure(content.is_none(), || {
            format!("`{}` still exists", artifact.path.display())
        })?;
    }
    let observed = test.observe(target).map_err(|e| describe_error(&e))?;
    ensure(
        observed.installed != Some(true) && !observed.orphaned,
        || "the service manager still has the service".to_owned(),
    )?;
    ensure(test.instance_status(target).is_none(), || {
        "the gateway still responds".to_owned()
    })?;
    ensure(test.record(target).is_none(), || {
        "the record still exists".to_owned()
    })
}

pub(in crate::conformance) fn uninstall(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        for _ in 0..2 {
            test.uninstall(&test.main).map_err(|e| describe_error(&e))?;
            check_removed(test, &test.main)?;
        }
        Ok(())
    })
}
