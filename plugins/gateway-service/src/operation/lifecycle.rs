//! Starts, stops and restarts an installed service.

use super::diagnosis::{diagnose, explain};
use super::readiness::wait_until_ready;
use super::self_stop::refuse_inside_service;
use crate::context::ServiceContext;
use crate::record::Record;
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{Action, ActiveState, RenderOptions, ServiceName};
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// The outcome of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActionOutcome {
    /// `started`, `stopped`, `restarted`, `already running` or `already stopped`.
    pub(crate) result: &'static str,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

/// Performs `action` and waits until it has taken effect.
///
/// # Errors
/// Class `unavailable` if the service cannot be started; it stays under the control of
/// the service manager, which retries.
pub(crate) fn perform(
    service: &mut ServiceContext<'_>,
    record: &Record,
    action: Action,
    timeout: Duration,
) -> Result<ActionOutcome, Error> {
    service.require_manager()?;
    let observed = service.observe_for_change(&record.spec.name)?;
    if observed.installed == Some(false) && !observed.orphaned {
        return Err(files_missing(record));
    }
    if let Some(result) = already_done(action, observed.active_state) {
        let notes = Vec::new();
        return Ok(ActionOutcome { result, notes });
    }
    if action != Action::Start {
        refuse_inside_service(service, &observed)?;
    }
    service
        .records
        .clear_exit_state(service.runner, &record.spec.name);
    let plan = service.render(
        action,
        &record.spec,
        Some(&observed),
        RenderOptions::default(),
    )?;
    let (result, progress) = texts(action);
    (service.progress)(progress);
    let applied =
        apply(service.runner, &plan).map_err(|failure| explain(service, &record.spec, &failure))?;
    let mut notes = applied.warnings;
    if action != Action::Stop {
        let warning = wait_until_ready(service, record, timeout)
            .map_err(|error| diagnose(service, &record.spec, error))?;
        notes.extend(warning);
    }
    if action != Action::Stop && record.restart_pending {
        let mut restarted = record.clone();
        restarted.restart_pending = false;
        service
            .records
            .write(service.runner, &record.spec.name, &restarted)?;
    }
    Ok(ActionOutcome { result, notes })
}

fn already_done(action: Action, active: ActiveState) -> Option<&'static str> {
    match (action, active) {
        (Action::Start, ActiveState::Active) => Some("already running"),
        (Action::Stop, ActiveState::Inactive) => Some("already stopped"),
        _ => None,
    }
}

/// Returns the result and the progress message of an action.
fn texts(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Stop => ("stopped", "stopping the service …"),
        Action::Restart => ("restarted", "restarting the service …"),
        _ => ("started", "starting the service …"),
    }
}

/// Returns the error for a recorded service that the service manager does not know.
fn files_missing(record: &Record) -> Error {
    let message = format!(
        "the files of the service `{}` do not exist",
        record.spec.name
    );
    Error::new(Class::NotFound, "not-installed", message)
        .hint("`kt gateway install` writes them again")
}

/// Returns the error for a service that is not installed.
pub(crate) fn not_installed(name: &ServiceName) -> Error {
    let message = format!("the service `{name}` is not installed");
    Error::new(Class::NotFound, "not-installed", message).hint("`kt gateway install` installs it")
}
