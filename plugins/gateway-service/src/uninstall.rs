//! Removes a service.

use crate::desk::Desk;
use crate::failure;
use crate::files::{self, Leave};
use crate::install::refuse_from_inside;
use crate::record::{Phase, Record};
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::carry_out;
use kt_plugin_api::service::{Action, Deed, Observed, Plan, RenderOptions, Step};

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
    let edited = files::guard(desk.runner, Some(record), &sketch.artifacts, leave)?;
    drop(desk.reach_or_prepare(&|| Ok(()))?);
    let observed = desk.observe(&record.spec.name)?;
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
    let applied = match carry_out(desk.runner, &plan) {
        Ok(applied) => applied,
        Err(failed) => {
            let error = failure::explain(desk, &record.spec, &failed);
            let left = failed.journal.undo(desk.runner);
            if left.is_empty() {
                drop(
                    desk.records
                        .restore(desk.runner, &record.spec.name, Some(record)),
                );
            }
            return Err(failure::with_leftovers(error, &left));
        }
    };
    // The record goes last: without it nobody would know the rest.
    desk.records
        .clear(desk.runner, &record.spec.name, wishes.purge)?;
    desk.records.restore(desk.runner, &record.spec.name, None)?;
    let mut notes = notes;
    notes.extend(applied.warnings);
    Ok(Removed { notes })
}

/// Drop-ins are the person's own; removing them is asked for.
fn without_dropins(plan: &mut Plan, observed: &Observed) {
    let folders: Vec<String> = plan
        .artifacts
        .iter()
        .map(|a| format!("{}.d", a.path.display()))
        .collect();
    let own = observed
        .dropins
        .iter()
        .filter(|path| folders.iter().any(|folder| path.starts_with(folder)));
    let steps: Vec<Step> = own
        .map(|path| {
            Step::new(
                "remove-drop-in",
                "remove a drop-in",
                Deed::Remove(path.clone()),
            )
        })
        .collect();
    plan.steps.splice(0..0, steps);
}

/// What is to be done. Starting at boot is taken back only where kt began it,
/// and nothing else of the person depends on it.
pub(crate) fn plan(
    desk: &Desk<'_>,
    record: &Record,
    observed: Option<&Observed>,
) -> Result<Plan, Error> {
    let alone = desk
        .records
        .others(desk.runner, &record.spec.name)
        .is_empty()
        && observed.is_some_and(|o| o.others == Some(false));
    let options = RenderOptions {
        undo_boot: record.linger_by_kt && alone,
        ..RenderOptions::default()
    };
    desk.render(Action::Uninstall, &record.spec, observed, options)
}
