//! Checks of a service whose gateway fails.

use super::assertions::{describe_error, ensure};
use super::files::contents;
use super::lifecycle::{RESTART_TIMEOUT_S, wait_for_other_process};
use crate::conformance::outcome::CheckOutcome;
use crate::conformance::test_context::TestContext;
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{Action, ActiveState, RenderOptions};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

/// Invalid settings: a retry does not fix them.
pub(in crate::conformance) fn park(test: &TestContext<'_, '_>) -> CheckOutcome {
    let settings = test.invocation().dirs.config.join("config.toml");
    let outcome = CheckOutcome::of(|| {
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        fs::write(&settings, "this is no [ TOML\n").map_err(|e| e.to_string())?;
        test.signal(pid, Signal::KILL)?;
        let records = &test.service_context(test.runner).records;
        let file = records.parked_path(&test.main.name);
        let reason = test.wait_until(
            "the service is parked with its reason",
            RESTART_TIMEOUT_S,
            || serde_json::from_slice::<Value>(&fs::read(&file).ok()?).ok(),
        )?;
        let down = |active| matches!(active, ActiveState::Failed | ActiveState::Inactive);
        test.wait_until("the service is not running", RESTART_TIMEOUT_S, || {
            let observed = test.observe(&test.main).ok()?;
            down(observed.active_state).then_some(())
        })?;
        ensure(reason["exit"] == 3 && reason["message"].is_string(), || {
            format!("the reason is {reason}")
        })?;
        // An unchanged time shows that the service was started only once.
        let current = fs::read(&file).map_err(|e| e.to_string())?;
        let current: Value = serde_json::from_slice(&current).map_err(|e| e.to_string())?;
        ensure(current["at"] == reason["at"], || {
            "the service was started again".to_owned()
        })?;
        fs::remove_file(&settings).map_err(|e| e.to_string())?;
        test.perform(&test.main, Action::Start)
            .map_err(|e| describe_error(&e))?;
        ensure(!file.exists(), || {
            "the reason was not removed by the start".to_owned()
        })?;
        test.ready_pid(&test.main)
            .map(drop)
            .ok_or_else(|| "the gateway is not ready after the start".to_owned())
    });
    drop(fs::remove_file(&settings));
    outcome
}

/// The address of the gateway is in use for some time.
pub(in crate::conformance) fn transient(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.perform(&test.main, Action::Stop)
            .map_err(|e| describe_error(&e))?;
        let port = test.main.port();
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|e| e.to_string())?;
        let record = test.record(&test.main).ok_or("there is no record")?;
        let service = test.service_context(test.runner);
        let observed = service
            .observe(&test.main.name)
            .map_err(|e| describe_error(&e))?;
        let options = RenderOptions::default();
        let plan = service
            .render(Action::Start, &record.spec, Some(&observed), options)
            .map_err(|e| describe_error(&e))?;
        // The start fails under a service manager that waits for readiness.
        drop(apply(test.runner, &plan));
        let log = service.records.dir(&test.main.name).join("log.jsonl");
        let before = count_bind_errors(&log);
        test.wait_until("two more starts have failed", 2 * RESTART_TIMEOUT_S, || {
            (count_bind_errors(&log) >= before + 2).then_some(())
        })?;
        drop(listener);
        test.wait_until("the gateway is ready", 2 * RESTART_TIMEOUT_S, || {
            test.ready_pid(&test.main).map(drop)
        })
    })
}

/// Counts how often a gateway could not bind its address.
fn count_bind_errors(log: &Path) -> usize {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.matches("\"address-in-use\"").count()
}

/// An update to an invalid option of the gateway.
pub(in crate::conformance) fn rollback(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let before = contents(test)?;
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        test.extra_args.set(&["--no-such-option"]);
        let failed = test.install(&test.main);
        test.extra_args.set(&[]);
        ensure(failed.is_err(), || {
            "the invalid update succeeded".to_owned()
        })?;
        ensure(contents(test)? == before, || {
            "the files were not restored".to_owned()
        })?;
        let record = test
            .record(&test.main)
            .ok_or("the record was not restored")?;
        ensure(
            record.spec.exec.iter().all(|w| w != "--no-such-option"),
            || "the record is that of the failed update".to_owned(),
        )?;
        wait_for_other_process(test, &test.main, pid, 2 * RESTART_TIMEOUT_S)?;
        let outcome = test.install(&test.main).map_err(|e| describe_error(&e))?;
        ensure(outcome.result == "unchanged", || {
            format!(
                "installing the previous service ended with `{}`",
                outcome.result
            )
        })
    })
}
