//! Checks that kt can be killed before any change: the next kt finds the old or the new
//! service, and repairs it.

use super::assertions::ensure;
use super::lifecycle::{check_arguments, check_removed};
use crate::conformance::outcome::{CheckOutcome, Mismatch};
use crate::conformance::test_context::TestContext;
use crate::operation::install;
use kt_plugin_api::service::execute::Runner as _;
use std::path::Path;

/// More changes than any backend makes.
const MAX_CHANGES: u32 = 60;

/// Additional arguments of the gateway in every other update.
const EXTRA_ARGS: &[&str] = &["--workers", "2"];

/// The situation of a failure in the reports.
fn after(changes: u32) -> String {
    format!("kt was killed after {changes} changes")
}

fn too_many_changes(what: &str) -> Mismatch {
    let expected = format!("{what} makes at most {MAX_CHANGES} changes");
    Mismatch::new(expected, "it makes more")
}

/// Returns paths and contents of the files of the main service, from its record.
fn recorded_contents(test: &TestContext<'_>) -> Result<Vec<(String, String)>, Mismatch> {
    let record = test.record(&test.main).ok_or("there is no record")?;
    let files = record.files.into_iter();
    Ok(files
        .map(|f| (f.path.display().to_string(), f.content))
        .collect())
}

/// Checks that each file has one of the allowed contents.
fn check_contents(
    test: &TestContext<'_>,
    allowed: &[(String, Vec<String>)],
) -> Result<(), Mismatch> {
    for (path, contents) in allowed {
        let bytes = test.runner.read(Path::new(path))?;
        let content = bytes.map(|b| String::from_utf8_lossy(&b).into_owned());
        let valid = content.as_ref().is_some_and(|c| contents.contains(c));
        let expected = "each file has the old or the new content: a file is written in one step";
        ensure(valid, expected, || match &content {
            Some(_) => format!("`{path}` has neither"),
            None => format!("`{path}` does not exist"),
        })?;
    }
    Ok(())
}

pub(in crate::conformance) fn update(test: &TestContext<'_>) -> CheckOutcome {
    let outcome = CheckOutcome::of(|| {
        let old = recorded_contents(test)?;
        test.extra_args.set(EXTRA_ARGS);
        test.install(&test.main)?;
        let new = recorded_contents(test)?;
        let allowed: Vec<_> = old
            .into_iter()
            .zip(new)
            .map(|((path, old), (_, new))| (path, vec![old, new]))
            .collect();
        for changes in 0..MAX_CHANGES {
            test.runner.check_cancelled()?;
            // Alternates, so that each round is an update.
            let args: &[&str] = if changes % 2 == 0 { &[] } else { EXTRA_ARGS };
            test.extra_args.set(args);
            let context = |error: Mismatch| error.context(&after(changes));
            let request = test.request(&test.main)?;
            let previous = test.record(&test.main);
            let runner = test.fault_runner(changes);
            let mut service = test.service_context(&runner);
            test.step(&format!("kill kt after {changes} changes of an update"));
            let installed = install::install(&mut service, &request, previous.as_ref());
            check_contents(test, &allowed).map_err(context)?;
            let complete = installed.is_ok() && !runner.interrupted();
            test.step("install the update again, which must find and repair what was left");
            test.install(&test.main).map_err(|e| context(e.into()))?;
            check_arguments(test).map_err(context)?;
            if complete {
                return Ok(());
            }
        }
        Err(too_many_changes("an update"))
    });
    test.extra_args.set(&[]);
    outcome
}

pub(in crate::conformance) fn first_install_and_removal(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        first_install(test)?;
        removal(test)
    })
}

fn first_install(test: &TestContext<'_>) -> Result<(), Mismatch> {
    for changes in 0..MAX_CHANGES {
        test.runner.check_cancelled()?;
        let context = |error: Mismatch| error.context(&after(changes));
        check_removed(test, &test.main).map_err(|error| error.context(&after(changes)))?;
        let request = test.request(&test.main)?;
        let runner = test.fault_runner(changes);
        test.step(&format!(
            "kill kt after {changes} changes of a first installation"
        ));
        let installed = install::install(&mut test.service_context(&runner), &request, None);
        let complete = installed.is_ok() && !runner.interrupted();
        // Alternately the installation is continued or only removed.
        if changes % 2 == 0 {
            test.step("continue the installation");
            test.install(&test.main).map_err(|e| context(e.into()))?;
        }
        test.step("remove the service, which must find all that was left");
        test.uninstall(&test.main).map_err(|e| context(e.into()))?;
        check_removed(test, &test.main).map_err(context)?;
        if complete {
            return Ok(());
        }
    }
    Err(too_many_changes("an installation"))
}

fn removal(test: &TestContext<'_>) -> Result<(), Mismatch> {
    for changes in 0..MAX_CHANGES {
        test.runner.check_cancelled()?;
        let context = |error: Mismatch| error.context(&after(changes));
        test.install(&test.main)?;
        let runner = test.fault_runner(changes);
        test.step(&format!("kill kt after {changes} changes of a removal"));
        let removed = test.uninstall_with(&runner, &test.main);
        let complete = removed.is_ok() && !runner.interrupted();
        test.step("remove the service, which must find all that was left");
        test.uninstall(&test.main).map_err(|e| context(e.into()))?;
        check_removed(test, &test.main).map_err(context)?;
        if complete {
            return Ok(());
        }
    }
    Err(too_many_changes("a removal"))
}
