//! Checks of files that the user or an upgrade changes.

use super::assertions::ensure;
use super::lifecycle::{RESTART_TIMEOUT_S, wait_for_other_process};
use crate::conformance::outcome::{CheckOutcome, Mismatch};
use crate::conformance::test_context::TestContext;
use kt_plugin_api::service::execute::Runner as _;
use std::fs;
use std::path::Path;

/// Returns the content of the files of the main service.
pub(super) fn contents(test: &TestContext<'_>) -> Result<Vec<Option<Vec<u8>>>, Mismatch> {
    let record = test.record(&test.main).ok_or("there is no record")?;
    let read = |path| test.runner.read(path);
    let contents: std::io::Result<_> = record.files.iter().map(|f| read(&f.path)).collect();
    Ok(contents?)
}

pub(in crate::conformance) fn edited(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("edit each file of the service, and install it again");
        let before = contents(test)?;
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        let record = test.record(&test.main).ok_or("there is no record")?;
        for file in &record.files {
            let content = fs::read(&file.path)?;
            fs::write(&file.path, [&content[..], b"\n# edited\n"].concat())?;
        }
        let error = test.install(&test.main).err().map(|e| e.id.clone());
        let expected = "the installation is refused with the error `drifted`";
        ensure(error.as_deref() == Some("drifted"), expected, || {
            format!("{error:?}")
        })?;
        let current = test.ready_pid(&test.main);
        let expected = "the gateway is ready, and was not restarted";
        ensure(current == Some(pid), expected, || {
            format!("process {current:?} is ready, before it was {pid}")
        })?;
        test.step("install it again with `--force`");
        let mut request = test.request(&test.main)?;
        request.overwrite.force = true;
        test.install_with(&request, &test.main)?;
        let expected = "the files have the content that was installed";
        ensure(contents(test)? == before, expected, || {
            "the edit was not overwritten".to_owned()
        })?;
        test.wait_until("the gateway is ready", RESTART_TIMEOUT_S, || {
            test.ready_pid(&test.main).map(drop)
        })
    })
}

pub(in crate::conformance) fn replaced_executable(test: &TestContext<'_>) -> CheckOutcome {
    let outcome = CheckOutcome::of(|| {
        let pid = test
            .ready_pid(&test.main)
            .ok_or("the gateway is not ready")?;
        test.step("replace the executable of the gateway");
        test.environment.upgrade()?;
        let process = u32::try_from(pid).map_err(|e| e.to_string())?;
        let service = test.service_context(&test.runner);
        let kt = Path::new(&test.environment.kt);
        let replaced = service.system.executable_replaced(process, kt);
        let expected = "kt detects that the executable was replaced";
        ensure(replaced != Some(false), expected, || {
            "it was not detected".to_owned()
        })?;
        test.step("install the service again to start the new executable");
        let mut request = test.request(&test.main)?;
        request.refresh = true;
        test.install_with(&request, &test.main)?;
        if replaced.is_none() {
            return Ok(());
        }
        wait_for_other_process(test, &test.main, pid, RESTART_TIMEOUT_S)?;
        let again = test.install_with(&request, &test.main)?;
        let expected = "the result of the second installation is `unchanged`";
        ensure(again.result == "unchanged", expected, || {
            format!("`{}`", again.result)
        })?;
        Ok(test.runner.check_cancelled()?)
    });
    match outcome {
        CheckOutcome::Passed if !Path::new("/proc/self/exe").exists() => CheckOutcome::Skipped(
            "this system does not show the executable of a process".to_owned(),
        ),
        outcome => outcome,
    }
}
