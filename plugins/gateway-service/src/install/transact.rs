//! Runs the plan of an installation, and takes it back when it fails.

use super::Installed;
use crate::desk::Desk;
use crate::failure;
use crate::ready;
use crate::record::{Record, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::{UndoLog, apply};
use kt_plugin_api::service::{Plan, ServiceStatus};
use std::time::Duration;

/// What is to be done.
pub(super) struct Work {
    /// What keeps a person's edits; its files are not the service's.
    pub(super) first: Plan,
    /// The installation itself.
    pub(super) then: Plan,
}

impl Work {
    fn whole(&self) -> Plan {
        let mut whole = self.first.clone();
        whole.artifacts.extend_from_slice(&self.then.artifacts);
        whole.steps.extend_from_slice(&self.then.steps);
        whole
    }
}

/// How it is to be done.
pub(super) struct How {
    pub(super) start: bool,
    pub(super) boot: bool,
    pub(super) patience: Duration,
}

/// Writes the record first and last: a kt that is killed between leaves enough
/// for the next one to go on, lingering that it may have switched on included.
pub(super) fn transact(
    desk: &Desk<'_>,
    how: &How,
    before: Option<&Record>,
    record: Record,
    work: &Work,
    observed: &ServiceStatus,
) -> Result<Installed, Error> {
    let name = record.spec.name.clone();
    let records = desk.records.clone();
    let lingered = record.linger_by_kt;
    let mut record = record.installing(&work.then.artifacts, before);
    record.linger_by_kt |= how.boot && observed.linger == Some(false);
    for dir in &record.spec.read_write_paths {
        // What is missing is made by the gateway too; a strict sandbox could
        // not let it.
        drop(desk.here.make_private_dir(dir));
    }
    records.write(desk.runner, &name, &record)?;
    if how.start {
        records.forget_ends(desk.runner, &name);
    }
    (desk.say)("installing the service …");
    let back = |undo_log: UndoLog, error: Error| {
        roll_back(desk, &records, before, &record, undo_log, error)
    };
    let applied = match apply(desk.runner, &work.whole()) {
        Ok(applied) => applied,
        Err(failed) => {
            let error = failure::explain(desk, &record.spec, &failed);
            return Err(back(failed.undo_log, error));
        }
    };
    let mut notes = work.then.warnings.clone();
    notes.extend(applied.warnings.iter().cloned());
    if how.start {
        (desk.say)("waiting until the gateway is ready …");
        match ready::wait(desk, &record, how.patience) {
            Ok(warning) => notes.extend(warning),
            Err(error) => {
                let error = failure::diagnose(desk, &record.spec, error);
                return Err(back(applied.undo_log, error));
            }
        }
    }
    let switched_on = applied.boot_start_enabled;
    let mut record = record.installed();
    record.linger_by_kt = lingered || (observed.linger == Some(false) && switched_on);
    records.write(desk.runner, &name, &record)?;
    let result = if before.is_some() {
        "updated"
    } else {
        "installed"
    };
    Ok(Installed {
        result,
        record,
        notes,
    })
}

fn roll_back(
    desk: &Desk<'_>,
    records: &Records,
    before: Option<&Record>,
    record: &Record,
    undo_log: UndoLog,
    error: Error,
) -> Error {
    (desk.say)("putting everything back …");
    let mut left = undo_log.undo(desk.runner);
    // What is left must stay known, or the next kt would take it for foreign.
    if left.is_empty()
        && let Err(failed) = records.restore(desk.runner, &record.spec.name, before)
    {
        left.push(failed.to_string());
    }
    failure::with_leftovers(error, &left)
}
