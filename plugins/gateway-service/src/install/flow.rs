//! From what is wanted to what has changed.

use super::binding;
use super::transact::{How, Work, transact};
use crate::desk::{Desk, Reached};
use crate::failure;
use crate::files::{self, FileState, Leave};
use crate::record::{Phase, Record};
use crate::sandbox;
use crate::world;
use kt_plugin_api::service::{Action, ActiveState, Plan, RenderOptions, ServiceStatus};
use kt_plugin_api::{Class, Error};
use std::path::Path;
use std::time::Duration;

/// What is to be installed.
pub(crate) struct Wanted {
    /// The record as it will be; its files are filled in from the plan.
    pub(crate) record: Record,
    pub(crate) start: bool,
    pub(crate) boot: bool,
    /// A service that runs an older kt is restarted.
    pub(crate) refresh: bool,
    pub(crate) leave: Leave,
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
/// another gateway, address taken. Otherwise why a step failed, with everything
/// put back.
pub(crate) fn install(
    desk: &mut Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
) -> Result<Installed, Error> {
    let spec = &wanted.record.spec;
    binding::check(desk, wanted, before)?;
    // Files are judged before anything is touched, reaching the service
    // manager included.
    let sketch = desk.render(Action::Install, spec, None, RenderOptions::default())?;
    let drop_ins = desk.described.capabilities.drop_ins;
    drop(files::guard(
        desk.runner,
        before,
        &sketch.artifacts,
        wanted.leave,
        drop_ins,
    )?);
    let reached = reach(desk, wanted, before)?;
    let Reached {
        undo_log,
        linger,
        intended,
    } = reached;
    match with_manager(desk, wanted, before, linger) {
        Ok(installed) => Ok(installed),
        Err(error) => {
            let mut left = undo_log.undo(desk.runner);
            // What could not be put back must stay known.
            if intended && left.is_empty() && !failure::left_something(&error) {
                left.extend(forget_intent(desk, wanted, before));
            }
            Err(match (linger, left.is_empty()) {
                (_, false) => failure::with_leftovers(error, &left),
                (_, true) => error,
            })
        }
    }
}

/// Reaches the service manager. Where it must be made to start at boot for
/// that, it is noted before that this is kt's doing: a kt that is killed right
/// after leaves a next one that knows it.
fn reach(desk: &mut Desk<'_>, wanted: &Wanted, before: Option<&Record>) -> Result<Reached, Error> {
    if !wanted.boot {
        return desk.reach().map(|()| Reached::default());
    }
    let (records, runner) = (desk.records.clone(), desk.runner);
    let name = &wanted.record.spec.name;
    let mut intent = wanted.record.clone().installing(&[], before);
    intent.linger_by_kt = true;
    if let Some(before) = before {
        intent.files.clone_from(&before.files);
    }
    let reached = desk.reach_or_prepare(&|| records.write(runner, name, &intent));
    if reached.is_err() {
        drop(forget_intent(desk, wanted, before));
    }
    reached
}

fn forget_intent(desk: &Desk<'_>, wanted: &Wanted, before: Option<&Record>) -> Option<String> {
    let name = &wanted.record.spec.name;
    let restored = desk.records.restore(desk.runner, name, before);
    restored.err().map(|error| error.to_string())
}

fn with_manager(
    desk: &Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
    linger_by_reach: bool,
) -> Result<Installed, Error> {
    let observed = desk.observe_to_change(&wanted.record.spec.name)?;
    binding::check_ports(desk, wanted, before, &observed)?;
    let mut record = wanted.record.clone();
    record.runtime_dir = world::runtime_dir(&desk.dirs, &desk.system);
    record.supervisor.clone_from(&observed.supervisor);
    sandbox::decide(desk, &mut record, before)?;
    // What was cut off may have written files that the running process has not
    // been started with.
    let changed = before.is_none_or(|b| b.spec != record.spec || b.phase != Phase::Installed);
    // Renewing leaves alone whether it runs, and starts by itself.
    let up = !matches!(
        observed.active_state,
        ActiveState::Inactive | ActiveState::Failed
    );
    let start = wanted.start && (up || !wanted.refresh);
    let pending = before.is_some_and(|b| b.restart_pending);
    let changed = changed || pending;
    let options = RenderOptions {
        start,
        enable: !wanted.refresh || observed.enabled != Some(false),
        start_at_boot: wanted.boot,
        files_changed: changed,
        disable_boot_start: false,
    };
    let plan = desk.render(
        Action::Install,
        &record.spec,
        Some(&observed),
        options.clone(),
    )?;
    files::guard_unit(&observed, &plan.artifacts)?;
    let drop_ins = desk.described.capabilities.drop_ins;
    let touched = files::guard(desk.runner, before, &plan.artifacts, wanted.leave, drop_ins)?;
    let current = all_current(desk, before, &plan)?;
    let older = wanted.refresh && runs_older(desk, &record, &observed);
    let settled =
        current && !older && !(pending && start) && settled(&options, &record, before, &observed);
    if settled && (!wanted.boot || observed.linger != Some(false)) {
        return unchanged(desk, before.unwrap_or(&record), linger_by_reach);
    }
    let changed = !current || changed || older || observed.needs_reload;
    if changed && start {
        refuse_from_inside(desk, &observed)?;
    }
    let mut work = Work {
        first: files::adoption(desk, &record, before, &touched.adopted)?,
        then: desk.render(
            Action::Install,
            &record.spec,
            Some(&observed),
            RenderOptions {
                files_changed: changed,
                ..options
            },
        )?,
    };
    work.then.warnings.append(&mut work.first.warnings);
    let dir = desk.records.dir(&record.spec.name);
    let mut notes = files::keep_copies(desk.runner, &dir, &touched.copied)?;
    let by_kt = before.is_some_and(|b| b.linger_by_kt);
    record.linger_by_kt = linger_by_reach || by_kt;
    record.restart_pending = !start && up && changed;
    let how = How {
        start,
        boot: wanted.boot,
        patience: wanted.patience,
    };
    let done = transact(desk, &how, before, record, &work, &observed)?;
    let result = if settled && done.record.linger_by_kt == by_kt {
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

/// Nothing is to be done; but the manager may have been made to start at boot
/// to find that out, which uninstalling must know.
fn unchanged(desk: &Desk<'_>, before: &Record, linger_by_reach: bool) -> Result<Installed, Error> {
    let mut record = before.clone();
    if linger_by_reach {
        record.linger_by_kt = true;
        desk.records
            .write(desk.runner, &record.spec.name, &record)?;
    }
    Ok(Installed {
        result: if linger_by_reach {
            "updated"
        } else {
            "unchanged"
        },
        record,
        notes: Vec::new(),
    })
}

fn all_current(desk: &Desk<'_>, before: Option<&Record>, plan: &Plan) -> Result<bool, Error> {
    for artifact in &plan.artifacts {
        if files::state(desk.runner, before, artifact)? != FileState::Current {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Nothing but the files' text, and whether it starts at boot, can still differ.
fn settled(
    options: &RenderOptions,
    record: &Record,
    before: Option<&Record>,
    observed: &ServiceStatus,
) -> bool {
    let same = before.is_some_and(|b| {
        b.phase == Phase::Installed
            && b.spec == record.spec
            && b.gateway_id == record.gateway_id
            && b.sandbox == record.sandbox
    });
    let runs = observed.active_state == ActiveState::Active || !options.start;
    let enabled = observed.enabled == Some(true) || !options.enable;
    same && runs && enabled && !observed.needs_reload
}

/// Whether the running process is of another kt than the installed one.
fn runs_older(desk: &Desk<'_>, record: &Record, observed: &ServiceStatus) -> bool {
    let (Some(pid), Some(kt)) = (observed.pid, record.spec.exec.first()) else {
        return false;
    };
    if let Some(replaced) = desk.here.replaced(pid, Path::new(kt)) {
        return replaced;
    }
    let socket = crate::control::socket(&record.runtime_dir, &record.gateway_id);
    let status = desk.here.ask(&socket).ok();
    let version = status.as_ref().and_then(|s| s.text("/version"));
    version.is_some_and(|running| running != record.kt_version)
}

/// A service that stops itself is killed half-way through.
///
/// # Errors
/// Class `conflict` with id `inside-service`.
pub(crate) fn refuse_from_inside(desk: &Desk<'_>, observed: &ServiceStatus) -> Result<(), Error> {
    if !desk.here.inside(&observed.unit) {
        return Ok(());
    }
    let message = format!(
        "kt runs inside the service `{}` and would end with it",
        observed.unit
    );
    Err(Error::new(Class::Conflict, "inside-service", message)
        .hint("run the command from a shell of your own"))
}
