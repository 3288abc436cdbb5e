//! Removes a service.

use crate::desk::Desk;
use crate::failure;
use crate::files::{self, Leave, Touched};
use crate::install::refuse_from_inside;
use crate::record::{Phase, Record};
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{Action, Plan, RenderOptions, ServiceStatus, Step, StepAction};
use kt_plugin_api::{Class, Error};

/// What the person allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// Edited files may go.
    pub(crate) force: bool,
    /// Drop-ins and the log go too.
    pub(crate) purge: bool,
}

/// How a removal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removed {
    /// What the person should know.
    pub(crate) notes: Vec<String>,
}

/// Removes what `record` describes.
///
/// # Errors
/// Class `conflict` for files that were edited, unless that is allowed; otherwise why
/// a step failed, with everything put back.
pub(crate) fn uninstall(
    desk: &mut Desk<'_>,
    record: &Record,
    wishes: Wishes,
) -> Result<Removed, Error> {
    let sketch = desk.render(
        Action::Uninstall,
        &record.spec,
        None,
        RenderOptions::default(),
    )?;
    let leave = Leave {
        force: wishes.force,
        ..Leave::default()
    };
    let edited = files::guard(desk.runner, Some(record), &sketch.artifacts, leave, false)?;
    let (records, runner) = (desk.records.clone(), desk.runner);
    // A kt that is killed right after must leave that it was kt's doing.
    let intend = || {
        let mut intent = record.clone();
        intent.linger_by_kt = true;
        records.write(runner, &record.spec.name, &intent)
    };
    let reached = match desk.reach_or_prepare(&intend) {
        Ok(reached) => reached,
        // A manager that is only slow still runs the service.
        Err(error)
            if wishes.force
                && error.class == Class::Unavailable
                && error.id != "supervisor-unresponsive" =>
        {
            return without_manager(desk, record, &sketch, &edited, &error, wishes);
        }
        Err(error) => {
            return Err(
                error.hint("`--force` removes the files all the same; nothing can be stopped then")
            );
        }
    };
    let removed = with_manager(desk, record, &sketch, &edited, wishes);
    // What was only needed to reach the manager is not left behind.
    let left = reached.undo_log.undo(desk.runner);
    removed.map(|mut removed| {
        removed.notes.extend(left);
        removed
    })
}

fn with_manager(
    desk: &Desk<'_>,
    record: &Record,
    sketch: &Plan,
    edited: &Touched,
    wishes: Wishes,
) -> Result<Removed, Error> {
    let observed = desk.observe_to_change(&record.spec.name)?;
    files::guard_unit(&observed, &sketch.artifacts)?;
    refuse_from_inside(desk, &observed)?;
    let dir = desk.records.dir(&record.spec.name);
    let notes = files::keep_copies(desk.runner, &dir, &edited.copied)?;
    let mut plan = plan(desk, record, Some(&observed))?;
    if wishes.purge {
        without_dropins(&mut plan, &observed);
    }
    (desk.say)("removing the service …");
    let mut removing = record.clone();
    removing.phase = Phase::Removing;
    desk.records
        .write(desk.runner, &record.spec.name, &removing)?;
    let applied = match apply(desk.runner, &plan) {
        Ok(applied) => applied,
        Err(failed) => {
            let error = failure::explain(desk, &record.spec, &failed);
            let left = failed.undo_log.undo(desk.runner);
            if left.is_empty() {
                drop(
                    desk.records
                        .restore(desk.runner, &record.spec.name, Some(record)),
                );
            }
            return Err(failure::with_leftovers(error, &left));
        }
    };
    let _handed_on = hand_on(desk, record)?;
    if let Some(file) = record.spec.stderr_file.as_ref().filter(|_| wishes.purge) {
        drop(desk.runner.remove(file));
    }
    // The record goes last: without it nobody would know the rest.
    desk.records
        .clear(desk.runner, &record.spec.name, wishes.purge)?;
    desk.records.restore(desk.runner, &record.spec.name, None)?;
    let mut notes = notes;
    notes.extend(applied.warnings);
    Ok(Removed { notes })
}

/// Starting at boot serves the other services too; who began it must be known
/// until the last one goes. Returns whether there is another one.
fn hand_on(desk: &Desk<'_>, record: &Record) -> Result<bool, Error> {
    if !record.linger_by_kt {
        return Ok(false);
    }
    let others = desk.records.others(desk.runner, &record.spec.name);
    let Some((name, _)) = others.into_iter().next() else {
        return Ok(false);
    };
    // Another kt may be changing that one.
    let _lock = desk.here.lock(&desk.records, &name)?;
    if let Some(mut heir) = desk.records.read(desk.runner, &name)?
        && !heir.linger_by_kt
    {
        heir.linger_by_kt = true;
        desk.records.write(desk.runner, &name, &heir)?;
    }
    Ok(true)
}

/// Removes the files of a service whose manager is not there any more.
fn without_manager(
    desk: &Desk<'_>,
    record: &Record,
    sketch: &Plan,
    edited: &Touched,
    why: &Error,
    wishes: Wishes,
) -> Result<Removed, Error> {
    let name = &record.spec.name;
    let mut notes = files::keep_copies(desk.runner, &desk.records.dir(name), &edited.copied)?;
    for artifact in &sketch.artifacts {
        desk.runner.remove(&artifact.path).map_err(|e| {
            let message = format!("cannot remove {}", artifact.path.display());
            Error::new(Class::Unavailable, "file-not-removed", message).cause(e)
        })?;
    }
    if !hand_on(desk, record)? && record.linger_by_kt {
        notes.push(
            "kt made services of yours start at boot; `loginctl disable-linger` ends that"
                .to_owned(),
        );
    }
    desk.records.clear(desk.runner, name, wishes.purge)?;
    desk.records.restore(desk.runner, name, None)?;
    notes.push(format!(
        "its files are removed, and the service manager knows nothing of it: {why}"
    ));
    Ok(Removed { notes })
}

/// Drop-ins are the person's own; removing them is asked for.
fn without_dropins(plan: &mut Plan, observed: &ServiceStatus) {
    let folders: Vec<String> = plan
        .artifacts
        .iter()
        .map(|a| format!("{}.d", a.path.display()))
        .collect();
    let own = observed
        .drop_in_paths
        .iter()
        .filter(|path| folders.iter().any(|folder| path.starts_with(folder)));
    let steps: Vec<Step> = own
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

/// What would be done, for `--print`.
pub(crate) fn shown(
    desk: &Desk<'_>,
    record: &Record,
    observed: Option<&ServiceStatus>,
    purge: bool,
) -> Result<Plan, Error> {
    let mut plan = plan(desk, record, observed)?;
    if let Some(observed) = observed.filter(|_| purge) {
        without_dropins(&mut plan, observed);
    }
    if purge {
        let folder = desk.records.dir(&record.spec.name);
        let log = folder.join("log.jsonl");
        plan.steps
            .push(Step::new("log", "remove the log", StepAction::Remove(log)));
    }
    Ok(plan)
}

/// What is to be done. Starting at boot is taken back only where kt began it,
/// and nothing else of the person depends on it.
fn plan(desk: &Desk<'_>, record: &Record, observed: Option<&ServiceStatus>) -> Result<Plan, Error> {
    let alone = desk
        .records
        .others(desk.runner, &record.spec.name)
        .is_empty()
        && observed.is_some_and(|o| o.other_services_enabled == Some(false));
    let options = RenderOptions {
        disable_boot_start: record.linger_by_kt && alone,
        ..RenderOptions::default()
    };
    desk.render(Action::Uninstall, &record.spec, observed, options)
}
