//! Checks of files that the user or an upgrade changes.

use super::assertions::{describe_error, ensure};
use super::lifecycle::{RESTART_TIMEOUT_S, wait_for_other_process};
use crate::conformance::outcome::CheckOutcome;
use crate::conformance::test_context::TestContext;
use kt_plugin_api::service::execute::Runner as _;
use std::fs;
use std::path::Path;

/// Returns the content of the files of the main service.
pub(super) fn contents(test: &TestContext<'_, '_>) -> Result<Vec<Option<Vec<u8>>>, String> {
    let record = test.record(&test.main).ok_or("there is no record")?;
    let read = |path| test.runner.read(path).map_err(|e| e.to_string());
    record.files.iter().map(|f| read(&f.path)).collect()
}

pub(in crate::conformance) fn edited(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let before = contents(test)?;
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        let record = test.record(&test.main).ok_or("there is no record")?;
        for file in &record.files {
            let content = fs::read(&file.path).map_err(|e| e.to_string())?;
            fs::write(&file.path, [&content[..], b"\n# edited\n"].concat())
                .map_err(|e| e.to_string())?;
        }
        let error = test.install(&test.main).err().map(|e| e.id.clone());
        ensure(error.as_deref() == Some("drifted"), || {
            format!("installing over an edit ended with {error:?}, not `drifted`")
        })?;
        ensure(test.ready_pid(&test.main) == Some(pid), || {
            "the refused installation restarted the gateway".to_owned()
        })?;
        let mut request = test.request(&test.main).map_err(|e| describe_error(&e))?;
        request.overwrite.force = true;
        test.install_with(&request, &test.main)
            .map_err(|e| describe_error(&e))?;
        ensure(contents(test)? == before, || {
            "the edit was not overwritten".to_owned()
        })?;
        test.wait_until("the gateway is ready", RESTART_TIMEOUT_S, || {
            test.ready_pid(&test.main).map(drop)
        })
    })
}

pub(in crate::conformance) fn replaced_executable(test: &TestContext<'_, '_>) -> CheckOutcome {
    let outcome = CheckOutcome::of(|| {
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        test.environment.upgrade().map_err(|e| e.to_string())?;
        let process = u32::try_from(pid).map_err(|e| e.to_string())?;
        let service = test.service_context(test.runner);
        let kt = Path::new(&test.environment.kt);
        let replaced = service.system.executable_replaced(process, kt);
        ensure(replaced != Some(false), || {
            "the new executable was not detected".to_owned()
        })?;
        let mut request = test.request(&test.main).map_err(|e| describe_error(&e))?;
        request.refresh = true;
        test.install_with(&request, &test.main)
            .map_err(|e| describe_error(&e))?;
        if replaced.is_none() {
            return Ok(());
        }
        wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S)?;
        let again = test
            .install_with(&request, &test.main)
            .map_err(|e| describe_error(&e))?;
        ensure(again.result == "unchanged", || {
            format!("the second refresh ended with `{}`", again.result)
        })?;
        test.runner.check_cancelled().map_err(|e| e.to_string())
    });
    match outcome {
        CheckOutcome::Passed if !Path::new("/proc/self/exe").exists() => CheckOutcome::Skipped(
            "this system does not show the executable of a process".to_owned(),
        ),
        outcome => outcome,
    }
}
