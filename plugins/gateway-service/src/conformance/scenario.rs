//! The checks in order. Each leaves a running service for the next one; if it cannot, the
//! dependent checks are skipped.

use super::checks::{backend, failures, files, interruption, lifecycle};
use super::fault_runner::FaultRunner;
use super::outcome::CheckOutcome;
use super::test_context::TestContext;
use crate::operation::sandbox::select_sandbox;
use kt_plugin_api::Error;
use kt_plugin_api::plugin_test::{TestCase, TestResult};
use kt_plugin_api::service::Availability;
use kt_plugin_api::service::execute::Runner as _;

type CheckFn = fn(&TestContext<'_>) -> CheckOutcome;

/// ID, description and function of the checks that only query the backend.
const BACKEND_CHECKS: [(&str, &str, CheckFn); 4] = [
    (
        "describe",
        "the description matches the manifest",
        backend::describe,
    ),
    (
        "render",
        "plans are complete and deterministic",
        backend::render,
    ),
    (
        "hostile",
        "special characters are quoted or rejected",
        backend::hostile,
    ),
    ("logs", "the log sources are reported", backend::logs),
];

/// As above, for the checks that need the service manager.
const SERVICE_CHECKS: [(&str, &str, CheckFn); 18] = [
    (
        "install",
        "a service is installed, started, ready and recorded",
        lifecycle::install,
    ),
    (
        "again",
        "installing again changes and restarts nothing",
        lifecycle::install_again,
    ),
    (
        "arguments",
        "arguments and variables are passed byte for byte",
        lifecycle::arguments,
    ),
    ("crash", "a killed gateway is restarted", lifecycle::crash),
    (
        "hang",
        "a hung gateway is killed and restarted",
        lifecycle::hang,
    ),
    (
        "stop-start",
        "stop and start are idempotent, three times in turn",
        lifecycle::stop_start,
    ),
    (
        "restart",
        "restart starts a new process",
        lifecycle::restart,
    ),
    (
        "reload",
        "a valid configuration is applied, an invalid one rejected",
        lifecycle::reload,
    ),
    ("log", "the log is kept and readable", lifecycle::log),
    (
        "park",
        "a permanent failure parks the service with its reason",
        failures::park,
    ),
    (
        "transient",
        "a transient failure is retried until it succeeds",
        failures::transient,
    ),
    (
        "rollback",
        "a failed update is rolled back",
        failures::rollback,
    ),
    (
        "edited",
        "an edited file is kept, then overwritten with force",
        files::edited,
    ),
    (
        "binary",
        "a replaced executable is detected and started",
        files::replaced_executable,
    ),
    (
        "pair",
        "two services run side by side",
        lifecycle::two_services,
    ),
    (
        "killed-update",
        "an update that is killed at any change leaves the old or the new service, and is repaired",
        interruption::update,
    ),
    (
        "uninstall",
        "everything is removed, twice",
        lifecycle::uninstall,
    ),
    (
        "killed-first",
        "a first installation and a removal that are killed at any change are repaired",
        interruption::first_install_and_removal,
    ),
];

/// Runs all checks, and removes the test services.
///
/// # Errors
/// When the run is cancelled.
pub(super) fn run(test: &TestContext<'_>) -> Result<Vec<TestCase>, Error> {
    let mut results = Vec::new();
    for (id, about, check) in BACKEND_CHECKS {
        results.push(run_check(test, id, about, check));
    }
    let unavailable = unavailable_reason(test)?;
    let mut broken_by: Option<&str> = None;
    for (id, about, check) in SERVICE_CHECKS {
        let skip_reason = match (&unavailable, broken_by) {
            (Some(reason), _) => Some(reason.clone()),
            (None, Some(earlier)) => Some(format!("`{earlier}` failed")),
            _ => None,
        };
        let result = match skip_reason {
            Some(reason) => TestCase::skipped(id, about, reason),
            None => run_check(test, id, about, check),
        };
        if result.result == TestResult::Failed && broken_by.is_none() && !reinstall(test) {
            broken_by = Some(id);
        }
        results.push(result);
        test.runner
            .check_cancelled()
            .inspect_err(|_| clean_up(test))?;
    }
    clean_up(test);
    Ok(results)
}

/// Returns the reason why the service manager is not available.
fn unavailable_reason(test: &TestContext<'_>) -> Result<Option<String>, Error> {
    let service = test.service_context(&test.runner);
    if !test.description.os.contains(&service.system_info.os) {
        let supported = test.description.os.join(", ");
        return Ok(Some(format!(
            "the backend supports {supported}, and this is {}",
            service.system_info.os
        )));
    }
    let detection = service.detect()?;
    if detection.availability == Availability::Available {
        return Ok(None);
    }
    let reasons: Vec<String> = detection.reasons.into_iter().map(|r| r.message).collect();
    Ok(Some(format!(
        "the service manager is not available: {}",
        reasons.join("; ")
    )))
}

/// Installs the service again after a failed check, for the next checks. Returns whether
/// that succeeded.
fn reinstall(test: &TestContext<'_>) -> bool {
    test.extra_args.set(&[]);
    let request = test.request(&test.main).map(|mut request| {
        request.overwrite.force = true;
        request
    });
    request.is_ok_and(|request| test.install_with(&request, &test.main).is_ok())
}

fn run_check(
    test: &TestContext<'_>,
    id: &'static str,
    about: &'static str,
    check: CheckFn,
) -> TestCase {
    test.progress(&format!("{id}: {about} …"));
    test.begin(id);
    let outcome = check(test);
    to_result(test, id, about, outcome)
}

fn to_result(
    test: &TestContext<'_>,
    id: &'static str,
    about: &'static str,
    outcome: CheckOutcome,
) -> TestCase {
    match outcome {
        CheckOutcome::Passed => TestCase::passed(id, about),
        CheckOutcome::Skipped(reason) => TestCase::skipped(id, about, reason),
        CheckOutcome::Failed(error) => TestCase::failed(id, about, test.failure(error)),
    }
}

/// Removes everything that the test created, also after a failure.
fn clean_up(test: &TestContext<'_>) {
    let runner = FaultRunner::uncancellable(&test.runner);
    for target in [&test.other, &test.main] {
        drop(test.uninstall_with(&runner, target));
        // The file may be outside the directories of the test.
        if let Some(file) = test.spec(target).ok().and_then(|spec| spec.stderr_file) {
            drop(runner.remove(&file));
        }
    }
    remove_sandbox_test(test, &runner);
    drop(test.environment.remove());
}

/// Removes the test unit of a kt that was killed while it tested the sandbox: testing it
/// again removes the unit.
fn remove_sandbox_test(test: &TestContext<'_>, runner: &FaultRunner<'_>) {
    if let Ok(mut request) = test.request(&test.main) {
        let service = test.service_context(runner);
        drop(select_sandbox(&service, &mut request.record, None));
    }
}
