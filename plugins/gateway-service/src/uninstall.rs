//! Removes a service.

use crate::desk::Desk;
use crate::failure;
use crate::files;
use crate::record::Record;
use kt_plugin_api::Error;
use kt_plugin_api::service::execute::carry_out;
use kt_plugin_api::service::{Action, Observed, Plan, RenderOptions};

/// How a removal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removed {
    /// What the person should know.
    pub(crate) notes: Vec<String>,
}

/// Removes what `record` describes.
///
/// # Errors
/// Class `conflict` for files that were edited, without `force`; otherwise why
/// a step failed, with everything put back.
pub(crate) fn uninstall(
    desk: &mut Desk<'_>,
    record: &Record,
    force: bool,
) -> Result<Removed, Error> {
    let sketch = desk.render(
        Action::Uninstall,
        &record.spec,
        None,
        RenderOptions::default(),
    )?;
    let edited = files::guard(desk.runner, Some(record), &sketch.artifacts, force)?;
    drop(desk.reach(true)?);
    let observed = desk.observe(&record.spec.name)?;
    files::guard_unit(&observed, &sketch.artifacts)?;
    let notes = files::keep_copies(desk.runner, &desk.records.dir(&record.spec.name), &edited)?;
    let plan = plan(desk, record, Some(&observed))?;
    (desk.say)("removing the service …");
    let applied = match carry_out(desk.runner, &plan) {
        Ok(applied) => applied,
        Err(failed) => {
            let error = failure::explain(desk, &record.spec, &failed);
            let left = failed.journal.undo(desk.runner);
            return Err(failure::with_leftovers(error, &left));
        }
    };
    desk.records.restore(desk.runner, &record.spec.name, None)?;
    let mut notes = notes;
    notes.extend(applied.warnings);
    Ok(Removed { notes })
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
