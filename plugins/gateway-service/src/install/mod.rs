//! Installs a service as one transaction.

use crate::desk::{Desk, Reached};
use crate::failure;
use crate::files;
use crate::ready;
use crate::record::{Record, Records};
use crate::world;
use kt_plugin_api::service::execute::{Applied, Journal, carry_out};
use kt_plugin_api::service::{Action, Activity, Observed, Plan, RenderOptions};
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// What is to be installed.
pub(crate) struct Wanted {
    /// The record as it will be; its files are filled in from the plan.
    pub(crate) record: Record,
    pub(crate) start: bool,
    pub(crate) boot: bool,
    pub(crate) force: bool,
    /// How long it may take to become ready.
    pub(crate) patience: Duration,
}

/// How an installation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    /// `installed`, `updated` or `unchanged`.
    pub(crate) result: &'static str,
    pub(crate) record: Record,
    /// What the person should know.
    pub(crate) notes: Vec<String>,
}

/// Installs, or says that there is nothing to change.
///
/// # Errors
/// Class `conflict` before anything is touched: foreign, edited, bound to
/// another gateway, port taken. Otherwise why a step failed, with everything
/// put back.
pub(crate) fn install(
    desk: &mut Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
) -> Result<Installed, Error> {
    let spec = &wanted.record.spec;
    check_binding(desk, wanted, before)?;
    // Files are judged before anything is touched, reaching the service
    // manager included.
    let sketch = desk.render(Action::Install, spec, None, RenderOptions::default())?;
    drop(files::guard(
        desk.runner,
        before,
        &sketch.artifacts,
        wanted.force,
    )?);
    let reached = desk.reach(wanted.boot)?;
    let Reached { journal, linger } = reached;
    match with_manager(desk, wanted, before, linger) {
        Ok(installed) => Ok(installed),
        Err(error) => {
            let left = journal.undo(desk.runner);
            Err(if left.is_empty() {
                error
            } else {
                failure::with_leftovers(error, &left)
            })
        }
    }
}

fn check_binding(desk: &Desk<'_>, wanted: &Wanted, before: Option<&Record>) -> Result<(), Error> {
    let (new, name) = (&wanted.record, &wanted.record.spec.name);
    if let Some(before) = before
        && before.gateway_id != new.gateway_id
        && !wanted.force
    {
        let message = format!(
            "the service `{name}` runs the gateway `{}` already",
            before.gateway_name
        );
        return Err(Error::new(Class::Conflict, "bound-elsewhere", message)
            .hint("`--service-name` installs a second service, `--force` binds this one anew"));
    }
    let address = |record: &Record| {
        record
            .listen
            .clone()
            .unwrap_or_else(|| DEFAULT_LISTEN.to_owned())
    };
    for (other, record) in desk.records.others(desk.runner, name) {
        if address(&record) == address(new) {
            let message = format!("the service `{other}` listens on {} already", address(new));
            return Err(Error::new(Class::Conflict, "address-taken", message)
                .hint("pass another `--listen`"));
        }
    }
    Ok(())
}

/// Where a gateway listens that was told nothing.
const DEFAULT_LISTEN: &str = "127.0.0.1:41002";

fn with_manager(
    desk: &Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
    linger_by_reach: bool,
) -> Result<Installed, Error> {
    let spec = &wanted.record.spec;
    let observed = desk.observe(&spec.name)?;
    let options = RenderOptions {
        start: wanted.start,
        boot: wanted.boot,
        changed: before.is_none_or(|b| b.spec != *spec),
        undo_boot: false,
    };
    let plan = desk.render(Action::Install, spec, Some(&observed), options.clone())?;
    files::guard_unit(&observed, &plan.artifacts)?;
    let edited = files::guard(desk.runner, before, &plan.artifacts, wanted.force)?;
    let current = all_current(desk, before, &plan)?;
    let settled = current && settled(wanted, before, &observed);
    if settled && (!wanted.boot || observed.linger != Some(false)) {
        return Ok(Installed {
            result: "unchanged",
            record: before.unwrap_or(&wanted.record).clone(),
            notes: Vec::new(),
        });
    }
    let changed = !current || options.changed || observed.needs_reload;
    let plan = desk.render(
        Action::Install,
        spec,
        Some(&observed),
        RenderOptions { changed, ..options },
    )?;
    let mut notes = files::keep_copies(desk.runner, &desk.records.dir(&spec.name), &edited)?;
    let mut record = wanted.record.clone();
    record.runtime_dir = world::runtime_dir(&desk.dirs, &desk.facts);
    record.linger_by_kt = linger_by_reach || before.is_some_and(|b| b.linger_by_kt);
    let done = transact(desk, wanted, before, record, &plan, &observed)?;
    let lingers = done.record.linger_by_kt == before.is_some_and(|b| b.linger_by_kt);
    let result = if settled && lingers {
        "unchanged"
    } else {
        done.result
    };
    notes.extend(done.notes);
    Ok(Installed {
        result,
        notes,
        ..done
    })
}

fn all_current(desk: &Desk<'_>, before: Option<&Record>, plan: &Plan) -> Result<bool, Error> {
    for artifact in &plan.artifacts {
        if files::state(desk.runner, before, artifact)? != files::FileState::Current {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Nothing but the files' text, and whether it starts at boot, can still differ.
fn settled(wanted: &Wanted, before: Option<&Record>, observed: &Observed) -> bool {
    use crate::record::Phase;
    let same = before.is_some_and(|b| {
        b.phase == Phase::Installed
            && b.spec == wanted.record.spec
            && b.gateway_id == wanted.record.gateway_id
            && b.backend == wanted.record.backend
    });
    let runs = observed.active == Activity::Active || !wanted.start;
    same && runs && observed.enabled == Some(true) && !observed.needs_reload
}

/// Writes the record first and last: a kt that is killed between leaves enough
/// for the next one to go on.
fn transact(
    desk: &Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
    record: Record,
    plan: &Plan,
    observed: &Observed,
) -> Result<Installed, Error> {
    let name = record.spec.name.clone();
    let records = desk.records.clone();
    let record = record.installing(&plan.artifacts, before);
    records.write(desk.runner, &name, &record)?;
    (desk.say)("installing the service …");
    let applied = match carry_out(desk.runner, plan) {
        Ok(applied) => applied,
        Err(failed) => {
            let error = failure::explain(desk, &record.spec, &failed);
            return Err(roll_back(
                desk,
                &records,
                before,
                &record,
                failed.journal,
                error,
            ));
        }
    };
    let mut notes = plan.warnings.clone();
    notes.extend(applied.warnings.iter().cloned());
    if wanted.start {
        (desk.say)("waiting until the gateway is ready …");
        match ready::wait(desk, &record, wanted.patience) {
            Ok(warning) => notes.extend(warning),
            Err(error) => {
                let error = failure::diagnose(desk, &record.spec, error);
                return Err(roll_back(
                    desk,
                    &records,
                    before,
                    &record,
                    applied.journal,
                    error,
                ));
            }
        }
    }
    let mut record = record.installed();
    record.linger_by_kt |= lingers_now(&applied, observed);
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

fn lingers_now(applied: &Applied, observed: &Observed) -> bool {
    observed.linger == Some(false) && applied.done.iter().any(|id| id == "linger")
}

fn roll_back(
    desk: &Desk<'_>,
    records: &Records,
    before: Option<&Record>,
    record: &Record,
    journal: Journal,
    error: Error,
) -> Error {
    (desk.say)("putting everything back …");
    let mut left = journal.undo(desk.runner);
    // What is left must stay known, or the next kt would take it for foreign.
    if left.is_empty()
        && let Err(failed) = records.restore(desk.runner, &record.spec.name, before)
    {
        left.push(failed.to_string());
    }
    failure::with_leftovers(error, &left)
}

#[cfg(test)]
mod tests;
