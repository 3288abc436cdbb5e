//! Files that somebody else changes.

use super::life::{AGAIN_S, replaced};
use super::trouble::files;
use super::verdict::{ensure, said};
use crate::conformance::kit::Kit;
use crate::conformance::scenario::Outcome;
use crate::install::Wanted;
use kt_plugin_api::service::execute::Runner as _;
use std::fs;
use std::path::Path;

pub(in crate::conformance) fn edited(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let before = files(kit)?;
        let pid = kit.ready_pid(&kit.main).ok_or("the gateway is not ready")?;
        let record = kit.record(&kit.main).ok_or("there is no record")?;
        for file in &record.files {
            let now = fs::read(&file.path).map_err(|e| e.to_string())?;
            fs::write(&file.path, [&now[..], b"\n# edited\n"].concat())
                .map_err(|e| e.to_string())?;
        }
        let refused = kit.install(&kit.main).err().map(|e| e.id.clone());
        ensure(refused.as_deref() == Some("drifted"), || {
            format!("installing over an edit ended {refused:?}")
        })?;
        ensure(kit.ready_pid(&kit.main) == Some(pid), || {
            "the refusal restarted it".to_owned()
        })?;
        let mut wanted: Wanted = kit.wanted(&kit.main).map_err(|e| said(&e))?;
        wanted.leave.force = true;
        kit.install_as(&wanted, &kit.main).map_err(|e| said(&e))?;
        ensure(files(kit)? == before, || {
            "the edit is still there".to_owned()
        })?;
        kit.until("it is ready", AGAIN_S, || {
            kit.ready_pid(&kit.main).map(drop)
        })
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn binary(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let pid = kit.ready_pid(&kit.main).ok_or("the gateway is not ready")?;
        kit.set_up.upgrade().map_err(|e| e.to_string())?;
        let process = u32::try_from(pid).map_err(|e| e.to_string())?;
        let desk = kit.desk(kit.machine);
        let seen = desk.here.replaced(process, Path::new(&kit.set_up.kt));
        ensure(seen != Some(false), || {
            "the new file is not seen".to_owned()
        })?;
        let mut wanted = kit.wanted(&kit.main).map_err(|e| said(&e))?;
        wanted.refresh = true;
        let done = kit.install_as(&wanted, &kit.main).map_err(|e| said(&e))?;
        if seen.is_none() {
            return Ok(done.result);
        }
        replaced(kit, &kit.main, pid, AGAIN_S)?;
        let again = kit.install_as(&wanted, &kit.main).map_err(|e| said(&e))?;
        ensure(again.result == "unchanged", || {
            format!("renewing twice ended `{}`", again.result)
        })?;
        kit.machine.check_cancelled().map_err(|e| e.to_string())?;
        Ok(done.result)
    };
    let result: Result<&str, String> = all();
    match result {
        Ok(_) if !Path::new("/proc/self/exe").exists() => {
            Outcome::Skipped("this system does not show what a process runs".to_owned())
        }
        other => other.map(drop).into(),
    }
}
