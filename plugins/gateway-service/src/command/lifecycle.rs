//! `kt gateway start`, `stop` and `restart`.

use super::change_output::change_output;
use super::session::Session;
use crate::operation::lifecycle::{not_installed, perform};
use kt_plugin_api::service::Action;
use kt_plugin_api::{Context, Error, Invocation, Output};
use serde_json::json;
use std::time::Duration;

/// The time limit if the manifest has no default.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn start(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    run(invocation, context, Action::Start)
}

pub(crate) fn stop(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    run(invocation, context, Action::Stop)
}

pub(crate) fn restart(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    run(invocation, context, Action::Restart)
}

fn run(invocation: &Invocation, context: &Context<'_>, action: Action) -> Result<Output, Error> {
    let session = Session::new(invocation, context)?;
    let _lock = session.lock()?;
    let Some(record) = session.record()? else {
        return Err(not_installed(&session.name));
    };
    let backend = session.open_backend(Some(&record))?;
    let progress = |text: &str| context.progress(text);
    let mut service = session.service_context(&backend, &progress)?;
    let timeout = invocation.args.duration("timeout").unwrap_or(TIMEOUT);
    let outcome = perform(&mut service, &record, action, timeout)?;
    let value = json!({
        "service": session.name,
        "result": outcome.result,
        "gateway": { "id": record.gateway_id, "name": record.gateway_name },
    });
    let schema = format!(
        "kt.gateway.{}/1",
        invocation.path.last().map_or("", String::as_str)
    );
    let message = format!("service `{}` {}", session.name, outcome.result);
    Ok(change_output(&schema, value, message, outcome.notes))
}
