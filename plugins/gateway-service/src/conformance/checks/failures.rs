//! Checks of a service whose gateway fails.

use super::assertions::ensure;
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
pub(in crate::conformance) fn park(test: &TestContext<'_>) -> CheckOutcome {
    let settings = test.invocation().dirs.config.join("config.toml");
    let outcome = CheckOutcome::of(|| {
        test.step("write invalid settings and kill the gateway");
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        fs::write(&settings, "this is no [ TOML\n")?;
        test.signal(pid, Signal::KILL)?;
        let records = &test.service_context(&test.runner).records;
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
        let expected = "the recorded reason has `exit` 3 and a `message`";
        let valid = reason["exit"] == 3 && reason["message"].is_string();
        ensure(valid, expected, || reason.to_string())?;
        // An unchanged time shows that the service was started only once.
        let current = fs::read(&file)?;
        let current: Value = serde_json::from_slice(&current).map_err(|e| e.to_string())?;
        let expected = "the parked service is not started again: exit code 3 prevents a restart, \
                        or exit code 0 without `park_by_exit_code`";
        ensure(current["at"] == reason["at"], expected, || {
            format!("it was started again: {current}")
        })?;
        test.step("remove the invalid settings and start the parked service");
        fs::remove_file(&settings)?;
        test.perform(&test.main, Action::Start)?;
        ensure(
            !file.exists(),
            "a start removes the recorded reason",
            || format!("`{}` exists", file.display()),
        )?;
        ensure(
            test.ready_pid(&test.main).is_some(),
            "the gateway is ready after the start",
            || "it does not respond, or is not ready".to_owned(),
        )
    });
    drop(fs::remove_file(&settings));
    outcome
}

/// The address of the gateway is in use for some time.
pub(in crate::conformance) fn transient(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("stop the service, occupy its address, and start it");
        test.perform(&test.main, Action::Stop)?;
        let port = test.main.port();
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let record = test.record(&test.main).ok_or("there is no record")?;
        let service = test.service_context(&test.runner);
        let observed = service.observe(&test.main.name)?;
        let options = RenderOptions::default();
        let plan = service.render(Action::Start, &record.spec, Some(&observed), options)?;
        // The start fails under a service manager that waits for readiness.
        drop(apply(&test.runner, &plan));
        let log = service.records.dir(&test.main.name).join("log.jsonl");
        let before = count_bind_errors(&log);
        test.wait_until("two more starts have failed", 2 * RESTART_TIMEOUT_S, || {
            (count_bind_errors(&log) >= before + 2).then_some(())
        })?;
        test.step("release the address; the service manager starts the gateway again");
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
pub(in crate::conformance) fn rollback(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("install an update with an option that the gateway rejects");
        let before = contents(test)?;
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        test.extra_args.set(&["--no-such-option"]);
        let failed = test.install(&test.main);
        test.extra_args.set(&[]);
        let expected = "the installation fails: a step of role `start` waits until the service is \
                        ready, or kt finds that the gateway does not become ready";
        ensure(failed.is_err(), expected, || "it succeeded".to_owned())?;
        test.step("roll back the failed update: restore its files, run `undo` of its steps");
        let after = contents(test)?;
        let expected = "the files have the content that they had before";
        ensure(after == before, expected, || {
            differing_files(test, &before, &after)
        })?;
        let record = test
            .record(&test.main)
            .ok_or("the record was not restored")?;
        ensure(
            record.spec.exec.iter().all(|w| w != "--no-such-option"),
            "the record is that of the previous service",
            || format!("its command is {:?}", record.spec.exec),
        )?;
        test.step(
            "wait for the previous service: it ran before, so the rollback must start it again \
             with the restored files, also if the service manager keeps restarting the invalid one",
        );
        wait_for_other_process(test, &test.main, pid, 2 * RESTART_TIMEOUT_S)?;
        test.step("install the previous service again");
        let outcome = test.install(&test.main)?;
        let expected = "the result `unchanged`";
        ensure(outcome.result == "unchanged", expected, || {
            format!("`{}`", outcome.result)
        })
    })
}

/// Names the files that differ.
fn differing_files(
    test: &TestContext<'_>,
    before: &[Option<Vec<u8>>],
    after: &[Option<Vec<u8>>],
) -> String {
    let files = test.record(&test.main).map(|r| r.files).unwrap_or_default();
    let paths = files.iter().map(|f| f.path.display().to_string());
    let differing: Vec<String> = paths
        .zip(before.iter().zip(after))
        .filter(|(_, (before, after))| before != after)
        .map(|(path, (_, after))| match after {
            Some(_) => format!("`{path}` has the content of the failed update"),
            None => format!("`{path}` does not exist"),
        })
        .collect();
    differing.join(", ")
}
