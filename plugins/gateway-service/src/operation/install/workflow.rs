//! Compares the requested with the installed service, and applies the difference.

use super::conflicts::{check_ports, check_services};
use super::outcome::InstallOutcome;
use super::request::InstallRequest;
use super::transaction::{ApplyOptions, InstallPlan, apply_install};
use crate::context::{ManagerAccess, ServiceContext, is_rollback_incomplete, with_rollback_result};
use crate::operation::overwrite::{adoption_plan, back_up_files, check_overwrite, check_unit_path};
use crate::operation::sandbox::select_sandbox;
use crate::operation::self_stop::refuse_inside_service;
use crate::record::{FileState, Phase, Record, file_state};
use crate::spec::runtime_dir;
use kt_control_api::admin_socket;
use kt_plugin_api::Error;
use kt_plugin_api::service::{Action, ActiveState, Plan, RenderOptions, ServiceStatus};
use std::path::Path;

/// Installs a service, or reports that nothing differs.
///
/// # Errors
/// Class `conflict` before anything is changed: a file is foreign or edited, the service
/// runs another gateway, the address is in use. Otherwise the error of a failed step,
/// after the rollback.
pub(crate) fn install(
    service: &mut ServiceContext<'_>,
    request: &InstallRequest,
    previous: Option<&Record>,
) -> Result<InstallOutcome, Error> {
    let spec = &request.record.spec;
    check_services(service, request, previous)?;
    // Files are checked before any change, including those that make the service
    // manager available.
    let preview = service.render(Action::Install, spec, None, RenderOptions::default())?;
    let drop_ins = service.description.capabilities.drop_ins;
    drop(check_overwrite(
        service.runner,
        previous,
        &preview.artifacts,
        request.overwrite,
        drop_ins,
    )?);
    let ManagerAccess {
        undo_log,
        linger_enabled,
        intent_recorded,
    } = access_manager(service, request, previous)?;
    match with_manager(service, request, previous, linger_enabled) {
        Ok(outcome) => Ok(outcome),
        Err(error) => {
            let mut not_reverted = undo_log.undo(service.runner);
            // After an incomplete rollback the record stays.
            if intent_recorded && not_reverted.is_empty() && !is_rollback_incomplete(&error) {
                not_reverted.extend(restore_record(service, request, previous));
            }
            Err(if not_reverted.is_empty() {
                error
            } else {
                with_rollback_result(error, &not_reverted)
            })
        }
    }
}

/// Makes the service manager available. Before lingering is enabled for that, the record
/// is written, so that the change is attributed to kt even when kt is killed.
fn access_manager(
    service: &mut ServiceContext<'_>,
    request: &InstallRequest,
    previous: Option<&Record>,
) -> Result<ManagerAccess, Error> {
    if !request.boot {
        return service.require_manager().map(|()| ManagerAccess::default());
    }
    let (records, runner) = (service.records.clone(), service.runner);
    let name = &request.record.spec.name;
    let mut intent = request.record.clone().installing(&[], previous);
    intent.linger_by_kt = true;
    if let Some(previous) = previous {
        intent.files.clone_from(&previous.files);
    }
    let access = service.prepare_manager(&|| records.write(runner, name, &intent));
    if access.is_err() {
        drop(restore_record(service, request, previous));
    }
    access
}

/// Restores the previous record; returns the error for the rollback result.
fn restore_record(
    service: &ServiceContext<'_>,
    request: &InstallRequest,
    previous: Option<&Record>,
) -> Option<String> {
    let name = &request.record.spec.name;
    let restored = service.records.restore(service.runner, name, previous);
    restored.err().map(|error| error.to_string())
}

fn with_manager(
    service: &ServiceContext<'_>,
    request: &InstallRequest,
    previous: Option<&Record>,
    linger_enabled: bool,
) -> Result<InstallOutcome, Error> {
    let observed = service.observe_for_change(&request.record.spec.name)?;
    check_ports(service, request, previous, &observed)?;
    let mut record = request.record.clone();
    record.runtime_dir = runtime_dir(&service.dirs, &service.system_info);
    record.supervisor.clone_from(&observed.supervisor);
    select_sandbox(service, &mut record, previous)?;
    // An interrupted installation may have written files that are newer than the running
    // process.
    let changed = previous.is_none_or(|p| p.spec != record.spec || p.phase != Phase::Installed);
    // `--refresh` does not change whether the service is running or enabled.
    let running = !matches!(
        observed.active_state,
        ActiveState::Inactive | ActiveState::Failed
    );
    let start = request.start && (running || !request.refresh);
    let restart_pending = previous.is_some_and(|p| p.restart_pending);
    let changed = changed || restart_pending;
    let options = RenderOptions {
        start,
        enable: !request.refresh || observed.enabled != Some(false),
        start_at_boot: request.boot,
        files_changed: changed,
        disable_boot_start: false,
    };
    let plan = service.render(
        Action::Install,
        &record.spec,
        Some(&observed),
        options.clone(),
    )?;
    check_unit_path(&observed, &plan.artifacts)?;
    let drop_ins = service.description.capabilities.drop_ins;
    let modified = check_overwrite(
        service.runner,
        previous,
        &plan.artifacts,
        request.overwrite,
        drop_ins,
    )?;
    let current = all_current(service, previous, &plan)?;
    let outdated = request.refresh && runs_older_version(service, &record, &observed);
    let up_to_date = current
        && !outdated
        && !(restart_pending && start)
        && is_up_to_date(&options, &record, previous, &observed);
    if up_to_date && (!request.boot || observed.linger != Some(false)) {
        return unchanged(service, previous.unwrap_or(&record), linger_enabled);
    }
    let changed = !current || changed || outdated || observed.needs_reload;
    if changed && start {
        refuse_inside_service(service, &observed)?;
    }
    let mut plan = InstallPlan {
        adoption: adoption_plan(service, &record, previous, &modified.adopt)?,
        install: service.render(
            Action::Install,
            &record.spec,
            Some(&observed),
            RenderOptions {
                files_changed: changed,
                ..options
            },
        )?,
    };
    plan.install.warnings.append(&mut plan.adoption.warnings);
    let dir = service.records.dir(&record.spec.name);
    let mut notes = back_up_files(service.runner, &dir, &modified.back_up)?;
    let linger_by_kt = previous.is_some_and(|p| p.linger_by_kt);
    record.linger_by_kt = linger_enabled || linger_by_kt;
    record.restart_pending = !start && running && changed;
    let options = ApplyOptions {
        start,
        boot: request.boot,
        timeout: request.timeout,
    };
    let outcome = apply_install(service, &options, previous, record, &plan, &observed)?;
    let result = if up_to_date && outcome.record.linger_by_kt == linger_by_kt {
        "unchanged"
    } else {
        outcome.result
    };
    notes.extend(outcome.notes);
    Ok(InstallOutcome {
        result,
        notes,
        ..outcome
    })
}

/// Returns the outcome if nothing differs. Lingering may have been enabled to access the
/// service manager, which must be recorded for the removal.
fn unchanged(
    service: &ServiceContext<'_>,
    previous: &Record,
    linger_enabled: bool,
) -> Result<InstallOutcome, Error> {
    let mut record = previous.clone();
    if linger_enabled {
        record.linger_by_kt = true;
        service
            .records
            .write(service.runner, &record.spec.name, &record)?;
    }
    Ok(InstallOutcome {
        result: if linger_enabled {
            "updated"
        } else {
            "unchanged"
        },
        record,
        notes: Vec::new(),
    })
}

fn all_current(
    service: &ServiceContext<'_>,
    previous: Option<&Record>,
    plan: &Plan,
) -> Result<bool, Error> {
    for artifact in &plan.artifacts {
        if file_state(service.runner, previous, artifact)? != FileState::Current {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether the service is up to date, apart from the content of its files and
/// the start at boot.
fn is_up_to_date(
    options: &RenderOptions,
    record: &Record,
    previous: Option<&Record>,
    observed: &ServiceStatus,
) -> bool {
    let same = previous.is_some_and(|p| {
        p.phase == Phase::Installed
            && p.spec == record.spec
            && p.gateway_id == record.gateway_id
            && p.sandbox == record.sandbox
    });
    let running = observed.active_state == ActiveState::Active || !options.start;
    let enabled = observed.enabled == Some(true) || !options.enable;
    same && running && enabled && !observed.needs_reload
}

/// Returns whether the running process is of another version of kt than the installed
/// one.
fn runs_older_version(
    service: &ServiceContext<'_>,
    record: &Record,
    observed: &ServiceStatus,
) -> bool {
    let (Some(pid), Some(kt)) = (observed.pid, record.spec.exec.first()) else {
        return false;
    };
    if let Some(replaced) = service.system.executable_replaced(pid, Path::new(kt)) {
        return replaced;
    }
    let socket = admin_socket(&record.runtime_dir, &record.gateway_id);
    let status = service.system.instance_status(&socket).ok();
    let version = status.as_ref().and_then(|s| s.text("/version"));
    version.is_some_and(|running| running != record.kt_version)
}
