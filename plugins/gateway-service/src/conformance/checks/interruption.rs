//! Checks that kt can be killed before any change: the next kt finds the old or the new
//! service, and repairs it.

use super::assertions::{describe_error, ensure};
use super::lifecycle::{check_arguments, check_removed};
use crate::conformance::outcome::CheckOutcome;
use crate::conformance::test_context::TestContext;
use crate::operation::install;
use kt_plugin_api::service::execute::Runner as _;
use std::path::Path;

/// More changes than any backend makes.
const MAX_CHANGES: u32 = 60;

/// Additional arguments of the gateway in every other update.
const EXTRA_ARGS: &[&str] = &["--workers", "2"];

/// Returns paths and contents of the files of the main service, from its record.
fn recorded_contents(test: &TestContext<'_, '_>) -> Result<Vec<(String, String)>, String> {
    let record = test.record(&test.main).ok_or("there is no record")?;
    let files = record.files.into_iter();
    Ok(files
        .map(|f| (f.path.display().to_string(), f.content))
        .collect())
}

/// Checks that each file has one of the allowed contents.
fn check_contents(
    test: &TestContext<'_, '_>,
    allowed: &[(String, Vec<String>)],
) -> Result<(), String> {
    for (path, contents) in allowed {
        let bytes = test.runner.read(Path::new(path));
        let bytes = bytes.map_err(|e| e.to_string())?;
        let content = bytes.map(|b| String::from_utf8_lossy(&b).into_owned());
        ensure(content.is_some_and(|c| contents.contains(&c)), || {
            format!("`{path}` has neither the old nor the new content")
        })?;
    }
    Ok(())
}

pub(in crate::conformance) fn update(test: &TestContext<'_, '_>) -> CheckOutcome {
    let outcome = CheckOutcome::of(|| {
        let old = recorded_contents(test)?;
        test.extra_args.set(EXTRA_ARGS);
        test.install(&test.main).map_err(|e| describe_error(&e))?;
        let new = recorded_contents(test)?;
        let allowed: Vec<_> = old
            .into_iter()
            .zip(new)
            .map(|((path, old), (_, new))| (path, vec![old, new]))
            .collect();
        for changes in 0..MAX_CHANGES {
            test.runner.check_cancelled().map_err(|e| e.to_string())?;
            // Alternates, so that each round is an update.
            let args: &[&str] = if changes % 2 == 0 { &[] } else { EXTRA_ARGS };
            test.extra_args.set(args);
            let context = |error: String| format!("after {changes} changes: {error}");
            let request = test.request(&test.main).map_err(|e| describe_error(&e))?;
            let previous = test.record(&test.main);
            let runner = test.fault_runner(changes);
            let mut service = test.service_context(&runner);
            let installed = install::install(&mut service, &request, previous.as_ref());
            check_contents(test, &allowed).map_err(context)?;
            let complete = installed.is_ok() && !runner.interrupted();
            test.install(&test.main)
                .map_err(|e| context(describe_error(&e)))?;
            check_arguments(test).map_err(context)?;
            if complete {
                return Ok(());
            }
        }
        Err(format!("an update makes more than {MAX_CHANGES} changes"))
    });
    test.extra_args.set(&[]);
    outcome
}

pub(in crate::conformance) fn first_install_and_removal(
    test: &TestContext<'_, '_>,
) -> CheckOutcome {
    CheckOutcome::of(|| {
        first_install(test)?;
        removal(test)
    })
}

fn first_install(test: &TestContext<'_, '_>) -> Result<(), String> {
    for changes in 0..MAX_CHANGES {
        test.runner.check_cancelled().map_err(|e| e.to_string())?;
        let context = |error: String| format!("after {changes} changes: {error}");
        check_removed(test, &test.main)
            .map_err(|error| format!("before {changes} changes: {error}"))?;
        let request = test.request(&test.main).map_err(|e| describe_error(&e))?;
        let runner = test.fault_runner(changes);
        let installed = install::install(&mut test.service_context(&runner), &request, None);
        let complete = installed.is_ok() && !runner.interrupted();
        // Alternately the installation is continued or only removed.
        if changes % 2 == 0 {
            test.install(&test.main)
                .map_err(|e| context(describe_error(&e)))?;
        }
        test.uninstall(&test.main)
            .map_err(|e| context(describe_error(&e)))?;
        check_removed(test, &test.main).map_err(context)?;
        if complete {
            return Ok(());
        }
    }
    Err(format!(
        "an installation makes more than {MAX_CHANGES} changes"
    ))
}

fn removal(test: &TestContext<'_, '_>) -> Result<(), String> {
    for changes in 0..MAX_CHANGES {
        test.runner.check_cancelled().map_err(|e| e.to_string())?;
        let context = |error: String| format!("after {changes} changes: {error}");
        test.install(&test.main).map_err(|e| describe_error(&e))?;
        let runner = test.fault_runner(changes);
        let removed = test.uninstall_with(&runner, &test.main);
        let complete = removed.is_ok() && !runner.interrupted();
        test.uninstall(&test.main)
            .map_err(|e| context(describe_error(&e)))?;
        check_removed(test, &test.main).map_err(context)?;
        if complete {
            return Ok(());
        }
    }
    Err(format!("a removal makes more than {MAX_CHANGES} changes"))
}
