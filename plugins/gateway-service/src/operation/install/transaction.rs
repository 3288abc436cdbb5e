//! Applies the plan of an installation, and rolls it back on failure.

use super::outcome::InstallOutcome;
use crate::context::{ServiceContext, with_rollback_result};
use crate::operation::diagnosis::{diagnose, explain};
use crate::operation::readiness::wait_until_ready;
use crate::record::{Record, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::{UndoLog, apply};
use kt_plugin_api::service::{Plan, ServiceStatus};
use std::time::Duration;

/// The plans of an installation, in order.
pub(super) struct InstallPlan {
    /// Preserves edits; its files do not belong to the service.
    pub(super) adoption: Plan,
    /// The installation itself.
    pub(super) install: Plan,
}

impl InstallPlan {
    fn merged(&self) -> Plan {
        let mut merged = self.adoption.clone();
        merged.artifacts.extend_from_slice(&self.install.artifacts);
        merged.steps.extend_from_slice(&self.install.steps);
        merged
    }
}

/// The options of the transaction.
pub(super) struct ApplyOptions {
    pub(super) start: bool,
    /// Enable the start at boot.
    pub(super) boot: bool,
    /// The time limit for the gateway to become ready.
    pub(super) timeout: Duration,
}

/// Applies the plan. The record is written first and last: if kt is killed in between,
/// it contains what the next kt needs to continue, including whether lingering may have
/// been enabled.
pub(super) fn apply_install(
    service: &ServiceContext<'_>,
    options: &ApplyOptions,
    previous: Option<&Record>,
    record: Record,
    plan: &InstallPlan,
    observed: &ServiceStatus,
) -> Result<InstallOutcome, Error> {
    let name = record.spec.name.clone();
    let records = service.records.clone();
    let linger_by_kt = record.linger_by_kt;
    let mut record = record.installing(&plan.install.artifacts, previous);
    record.linger_by_kt |= options.boot && observed.linger == Some(false);
    for dir in &record.spec.read_write_paths {
        // The gateway also creates missing directories, but cannot do so in a strict
        // sandbox.
        drop(service.system.create_private_dir(dir));
    }
    records.write(service.runner, &name, &record)?;
    if options.start {
        records.clear_exit_state(service.runner, &name);
    }
    (service.progress)("installing the service …");
    let fail = |undo_log: UndoLog, error: Error| {
        roll_back(service, &records, previous, &record, undo_log, error)
    };
    let applied = match apply(service.runner, &plan.merged()) {
        Ok(applied) => applied,
        Err(failure) => {
            let error = explain(service, &record.spec, &failure);
            return Err(fail(failure.undo_log, error));
        }
    };
    let mut notes = plan.install.warnings.clone();
    notes.extend(applied.warnings.iter().cloned());
    if options.start {
        (service.progress)("waiting until the gateway is ready …");
        match wait_until_ready(service, &record, options.timeout) {
            Ok(warning) => notes.extend(warning),
            Err(error) => {
                let error = diagnose(service, &record.spec, error);
                return Err(fail(applied.undo_log, error));
            }
        }
    }
    let linger_enabled = applied.boot_start_enabled;
    let mut record = record.installed();
    record.linger_by_kt = linger_by_kt || (observed.linger == Some(false) && linger_enabled);
    records.write(service.runner, &name, &record)?;
    let result = if previous.is_some() {
        "updated"
    } else {
        "installed"
    };
    Ok(InstallOutcome {
        result,
        record,
        notes,
    })
}

fn roll_back(
    service: &ServiceContext<'_>,
    records: &Records,
    previous: Option<&Record>,
    record: &Record,
    undo_log: UndoLog,
    error: Error,
) -> Error {
    (service.progress)("rolling back all changes …");
    let mut not_reverted = undo_log.undo(service.runner);
    // After an incomplete rollback the record stays, or the next kt would consider the
    // files foreign.
    if not_reverted.is_empty()
        && let Err(failure) = records.restore(service.runner, &record.spec.name, previous)
    {
        not_reverted.push(failure.to_string());
    }
    with_rollback_result(error, &not_reverted)
}
