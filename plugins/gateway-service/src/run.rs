//! Starts, stops and restarts an installed service.

use crate::desk::Desk;
use crate::failure;
use crate::install::refuse_from_inside;
use crate::ready;
use crate::record::Record;
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{Action, ActiveState, RenderOptions};
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acted {
    /// `started`, `stopped`, `restarted`, `already running`, `already stopped`.
    pub(crate) result: &'static str,
    /// What the person should know.
    pub(crate) notes: Vec<String>,
}

/// Does `action`, and waits until it has taken effect.
///
/// # Errors
/// Class `unavailable` when it cannot be started; what was started is left to
/// the service manager, which tries again.
pub(crate) fn act(
    desk: &mut Desk<'_>,
    record: &Record,
    action: Action,
    patience: Duration,
) -> Result<Acted, Error> {
    desk.reach()?;
    let observed = desk.observe_to_change(&record.spec.name)?;
    if observed.installed == Some(false) && !observed.orphaned {
        return Err(missing(record));
    }
    if let Some(result) = done_already(action, observed.active_state) {
        let notes = Vec::new();
        return Ok(Acted { result, notes });
    }
    if action != Action::Start {
        refuse_from_inside(desk, &observed)?;
    }
    desk.records.forget_ends(desk.runner, &record.spec.name);
    let plan = desk.render(
        action,
        &record.spec,
        Some(&observed),
        RenderOptions::default(),
    )?;
    (desk.say)(word(action).1);
    let applied = apply(desk.runner, &plan)
        .map_err(|failed| failure::explain(desk, &record.spec, &failed))?;
    let mut notes = applied.warnings;
    if action != Action::Stop {
        let ready = ready::wait(desk, record, patience);
        notes.extend(ready.map_err(|e| failure::diagnose(desk, &record.spec, e))?);
    }
    if action != Action::Stop && record.restart_pending {
        let mut settled = record.clone();
        settled.restart_pending = false;
        desk.records
            .write(desk.runner, &record.spec.name, &settled)?;
    }
    let result = word(action).0;
    Ok(Acted { result, notes })
}

fn done_already(action: Action, active: ActiveState) -> Option<&'static str> {
    match (action, active) {
        (Action::Start, ActiveState::Active) => Some("already running"),
        (Action::Stop, ActiveState::Inactive) => Some("already stopped"),
        _ => None,
    }
}

fn word(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Stop => ("stopped", "stopping the service …"),
        Action::Restart => ("restarted", "restarting the service …"),
        _ => ("started", "starting the service …"),
    }
}

/// The record says that it is installed; the service manager does not know it.
fn missing(record: &Record) -> Error {
    let message = format!("the files of the service `{}` are gone", record.spec.name);
    Error::new(Class::NotFound, "not-installed", message)
        .hint("`kt gateway install` writes them again")
}

/// The error for a service that was never installed.
pub(crate) fn not_installed(name: &kt_plugin_api::service::ServiceName) -> Error {
    let message = format!("there is no service `{name}`");
    Error::new(Class::NotFound, "not-installed", message).hint("`kt gateway install` installs one")
}
