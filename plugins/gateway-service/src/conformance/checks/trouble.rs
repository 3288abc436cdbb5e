//! What a service does when its gateway cannot work.

use super::life::{AGAIN_S, replaced};
use super::verdict::{ensure, said};
use crate::conformance::kit::Kit;
use crate::conformance::scenario::Outcome;
use kt_plugin_api::service::execute::Runner as _;
use kt_plugin_api::service::{Action, ActiveState};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;

/// Settings that cannot be read: trying again does not cure them.
pub(in crate::conformance) fn park(kit: &Kit<'_, '_>) -> Outcome {
    let settings = kit.invocation().dirs.config.join("config.toml");
    let all = || {
        let pid = kit.ready_pid(&kit.main).ok_or("the gateway is not ready")?;
        fs::write(&settings, "this is no [ TOML\n").map_err(|e| e.to_string())?;
        kit.signal(pid, Signal::KILL)?;
        let file = kit.desk(kit.machine).records.dir(&kit.main.name);
        let file = file.join("parked.json");
        let reason = kit.until("it is parked with its reason", AGAIN_S, || {
            serde_json::from_slice::<Value>(&fs::read(&file).ok()?).ok()
        })?;
        let down = |active| matches!(active, ActiveState::Failed | ActiveState::Inactive);
        kit.until("it is left down", AGAIN_S, || {
            let observed = kit.observe(&kit.main).ok()?;
            down(observed.active_state).then_some(())
        })?;
        ensure(reason["exit"] == 3 && reason["message"].is_string(), || {
            format!("the reason says {reason}")
        })?;
        // The same reason, not a later one: it was tried once.
        let later = fs::read(&file).map_err(|e| e.to_string())?;
        let later: Value = serde_json::from_slice(&later).map_err(|e| e.to_string())?;
        ensure(later["at"] == reason["at"], || {
            "it was tried again".to_owned()
        })?;
        fs::remove_file(&settings).map_err(|e| e.to_string())?;
        kit.act(&kit.main, Action::Start).map_err(|e| said(&e))?;
        ensure(!file.exists(), || "the reason is still there".to_owned())?;
        kit.ready_pid(&kit.main)
            .map(drop)
            .ok_or_else(|| "it did not come back".to_owned())
    };
    let result: Result<(), String> = all();
    drop(fs::remove_file(&settings));
    result.into()
}

/// Somebody holds the gateway's address for a while.
pub(in crate::conformance) fn transient(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        kit.act(&kit.main, Action::Stop).map_err(|e| said(&e))?;
        let port = kit.port(&kit.main);
        let holder = TcpListener::bind(("127.0.0.1", port)).map_err(|e| e.to_string())?;
        let record = kit.record(&kit.main).ok_or("there is no record")?;
        let desk = kit.desk(kit.machine);
        let observed = desk.observe(&kit.main.name).map_err(|e| said(&e))?;
        let options = kt_plugin_api::service::RenderOptions::default();
        let plan = desk
            .render(Action::Start, &record.spec, Some(&observed), options)
            .map_err(|e| said(&e))?;
        // It fails where starting waits for readiness.
        drop(kt_plugin_api::service::execute::apply(kit.machine, &plan));
        let log = desk.records.dir(&kit.main.name).join("log.jsonl");
        let before = refusals(&log);
        kit.until("it was tried twice more", 2 * AGAIN_S, || {
            (refusals(&log) >= before + 2).then_some(())
        })?;
        drop(holder);
        kit.until("it is ready by itself", 2 * AGAIN_S, || {
            kit.ready_pid(&kit.main).map(drop)
        })
    };
    let result: Result<(), String> = all();
    result.into()
}

/// How often a gateway found its address taken.
fn refusals(log: &std::path::Path) -> usize {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.matches("\"address-in-use\"").count()
}

/// An option that the gateway does not have.
pub(in crate::conformance) fn rollback(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let before = files(kit)?;
        let pid = kit.ready_pid(&kit.main).ok_or("the gateway is not ready")?;
        kit.more.set(&["--no-such-option"]);
        let failed = kit.install(&kit.main);
        kit.more.set(&[]);
        ensure(failed.is_err(), || {
            "it was installed all the same".to_owned()
        })?;
        ensure(files(kit)? == before, || {
            "its files are not as before".to_owned()
        })?;
        let record = kit.record(&kit.main).ok_or("its record is gone")?;
        ensure(
            record.spec.exec.iter().all(|w| w != "--no-such-option"),
            || "its record is that of the failed update".to_owned(),
        )?;
        replaced(kit, &kit.main, pid, 2 * AGAIN_S)?;
        let done = kit.install(&kit.main).map_err(|e| said(&e))?;
        ensure(done.result == "unchanged", || {
            format!("installing what ran ended `{}`", done.result)
        })
    };
    let result: Result<(), String> = all();
    result.into()
}

/// The bytes of the service's files.
pub(super) fn files(kit: &Kit<'_, '_>) -> Result<Vec<Option<Vec<u8>>>, String> {
    let record = kit.record(&kit.main).ok_or("there is no record")?;
    let read = |path| kit.machine.read(path).map_err(|e| e.to_string());
    record.files.iter().map(|f| read(&f.path)).collect()
}
