//! Removes a service.

use super::diagnosis::explain;
use super::overwrite::{
    ModifiedFiles, OverwritePolicy, back_up_files, check_overwrite, check_unit_path,
};
use super::self_stop::refuse_inside_service;
use crate::context::{ServiceContext, with_rollback_result};
use crate::record::{Phase, Record};
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{Action, Plan, RenderOptions, ServiceStatus, Step, StepAction};
use kt_plugin_api::{Class, Error};

/// The options of a removal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UninstallOptions {
    /// Remove edited files too.
    pub(crate) force: bool,
    /// Remove drop-ins and the log too.
    pub(crate) purge: bool,
}

/// The outcome of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UninstallOutcome {
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

/// Removes the service that `record` describes.
///
/// # Errors
/// Class `conflict` for edited files, unless `options` allow their removal; otherwise
/// the error of a failed step, after the rollback.
pub(crate) fn uninstall(
    service: &mut ServiceContext<'_>,
    record: &Record,
    options: UninstallOptions,
) -> Result<UninstallOutcome, Error> {
    let preview = service.render(
        Action::Uninstall,
        &record.spec,
        None,
        RenderOptions::default(),
    )?;
    let policy = OverwritePolicy {
        force: options.force,
        ..OverwritePolicy::default()
    };
    let modified = check_overwrite(
        service.runner,
        Some(record),
        &preview.artifacts,
        policy,
        false,
    )?;
    let (records, runner) = (service.records.clone(), service.runner);
    // If kt is killed after this, the next kt must know that kt enabled lingering.
    let record_intent = || {
        let mut intent = record.clone();
        intent.linger_by_kt = true;
        records.write(runner, &record.spec.name, &intent)
    };
    let access = match service.prepare_manager(&record_intent) {
        Ok(access) => access,
        // A service manager that is only slow still runs the service.
        Err(error)
            if options.force
                && error.class == Class::Unavailable
                && error.id != "supervisor-unresponsive" =>
        {
            return without_manager(service, record, &preview, &modified, &error, options);
        }
        Err(error) => {
            return Err(
                error.hint("`--force` removes the files anyway, but cannot stop the service")
            );
        }
    };
    let outcome = with_manager(service, record, &preview, &modified, options);
    // Revert the steps that were only needed to access the service manager.
    let not_reverted = access.undo_log.undo(service.runner);
    outcome.map(|mut outcome| {
        outcome.notes.extend(not_reverted);
        outcome
    })
}

fn with_manager(
    service: &ServiceContext<'_>,
    record: &Record,
    preview: &Plan,
    modified: &ModifiedFiles,
    options: UninstallOptions,
) -> Result<UninstallOutcome, Error> {
    let name = &record.spec.name;
    let observed = service.observe_for_change(name)?;
    check_unit_path(&observed, &preview.artifacts)?;
    refuse_inside_service(service, &observed)?;
    let dir = service.records.dir(name);
    let mut notes = back_up_files(service.runner, &dir, &modified.back_up)?;
    let mut plan = render_plan(service, record, Some(&observed))?;
    if options.purge {
        add_drop_in_removal(&mut plan, &observed);
    }
    (service.progress)("removing the service …");
    let mut removing = record.clone();
    removing.phase = Phase::Removing;
    service.records.write(service.runner, name, &removing)?;
    let applied = match apply(service.runner, &plan) {
        Ok(applied) => applied,
        Err(failure) => {
            let error = explain(service, &record.spec, &failure);
            let not_reverted = failure.undo_log.undo(service.runner);
            if not_reverted.is_empty() {
                drop(service.records.restore(service.runner, name, Some(record)));
            }
            return Err(with_rollback_result(error, &not_reverted));
        }
    };
    let _transferred = transfer_linger(service, record)?;
    if let Some(file) = record.spec.stderr_file.as_ref().filter(|_| options.purge) {
        drop(service.runner.remove(file));
    }
    // The record is removed last: the next kt needs it to remove the rest.
    service
        .records
        .remove_run_files(service.runner, name, options.purge)?;
    service.records.restore(service.runner, name, None)?;
    notes.extend(applied.warnings);
    Ok(UninstallOutcome { notes })
}

/// Transfers to another service the information that kt enabled lingering, which all
/// services of the user share, so that the last uninstallation disables it. Returns
/// whether there is another service.
fn transfer_linger(service: &ServiceContext<'_>, record: &Record) -> Result<bool, Error> {
    if !record.linger_by_kt {
        return Ok(false);
    }
    let others = service
        .records
        .other_services(service.runner, &record.spec.name);
    let Some((name, _)) = others.into_iter().next() else {
        return Ok(false);
    };
    // Another kt process may be changing that service.
    let _lock = service.system.lock(&service.records, &name)?;
    if let Some(mut other) = service.records.read(service.runner, &name)?
        && !other.linger_by_kt
    {
        other.linger_by_kt = true;
        service.records.write(service.runner, &name, &other)?;
    }
    Ok(true)
}

/// Removes the files of a service whose service manager is not available.
fn without_manager(
    service: &ServiceContext<'_>,
    record: &Record,
    preview: &Plan,
    modified: &ModifiedFiles,
    manager_error: &Error,
    options: UninstallOptions,
) -> Result<UninstallOutcome, Error> {
    let name = &record.spec.name;
    let dir = service.records.dir(name);
    let mut notes = back_up_files(service.runner, &dir, &modified.back_up)?;
    for artifact in &preview.artifacts {
        service.runner.remove(&artifact.path).map_err(|e| {
            let message = format!("cannot remove {}", artifact.path.display());
            Error::new(Class::Unavailable, "file-not-removed", message).cause(e)
        })?;
    }
    if !transfer_linger(service, record)? && record.linger_by_kt {
        notes.push(
            "kt enabled lingering for this user; `loginctl disable-linger` disables it".to_owned(),
        );
    }
    service
        .records
        .remove_run_files(service.runner, name, options.purge)?;
    service.records.restore(service.runner, name, None)?;
    notes.push(format!(
        "the files were removed, but the service manager was not notified: {manager_error}"
    ));
    Ok(UninstallOutcome { notes })
}

/// Adds steps that remove the drop-ins. They belong to the user, who requests their
/// removal with `--purge`.
fn add_drop_in_removal(plan: &mut Plan, observed: &ServiceStatus) {
    let directories: Vec<String> = plan
        .artifacts
        .iter()
        .map(|a| format!("{}.d", a.path.display()))
        .collect();
    let drop_ins = observed
        .drop_in_paths
        .iter()
        .filter(|path| directories.iter().any(|dir| path.starts_with(dir)));
    let steps: Vec<Step> = drop_ins
        .map(|path| {
            Step::new(
                "remove-drop-in",
                "remove a drop-in",
                StepAction::Remove(path.clone()),
            )
        })
        .collect();
    plan.steps.splice(0..0, steps);
}

/// Returns the plan for `--print`.
pub(crate) fn preview(
    service: &ServiceContext<'_>,
    record: &Record,
    observed: Option<&ServiceStatus>,
    purge: bool,
) -> Result<Plan, Error> {
    let mut plan = render_plan(service, record, observed)?;
    if let Some(observed) = observed.filter(|_| purge) {
        add_drop_in_removal(&mut plan, observed);
    }
    if purge {
        let directory = service.records.dir(&record.spec.name);
        let log = directory.join("log.jsonl");
        plan.steps
            .push(Step::new("log", "remove the log", StepAction::Remove(log)));
    }
    Ok(plan)
}

/// Renders the plan. Lingering is disabled only if kt enabled it and no other service
/// of the user depends on it.
fn render_plan(
    service: &ServiceContext<'_>,
    record: &Record,
    observed: Option<&ServiceStatus>,
) -> Result<Plan, Error> {
    let last_service = service
        .records
        .other_services(service.runner, &record.spec.name)
        .is_empty()
        && observed.is_some_and(|o| o.other_services_enabled == Some(false));
    let options = RenderOptions {
        disable_boot_start: record.linger_by_kt && last_service,
        ..RenderOptions::default()
    };
    service.render(Action::Uninstall, &record.spec, observed, options)
}
