//! `kt gateway start`, `stop` and `restart`.

use super::change_output::change_output;
use super::session::Session;
use crate::args::{GatewayRestartArgs, GatewayStartArgs, GatewayStopArgs};
use crate::operation::lifecycle::perform;
use kt_plugin_api::service::Action;
use kt_plugin_api::{Context, Error, Invocation, Output};
use serde_json::json;
use std::time::Duration;

/// The time limit of a stop, which has no option for it.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn start(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayStartArgs = invocation.arguments()?;
    let session = Session::of_service(invocation, context, &args.service_name)?;
    run(&session, Action::Start, args.timeout)
}

pub(crate) fn stop(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayStopArgs = invocation.arguments()?;
    let session = Session::of_service(invocation, context, &args.service_name)?;
    run(&session, Action::Stop, STOP_TIMEOUT)
}

pub(crate) fn restart(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayRestartArgs = invocation.arguments()?;
    let session = Session::of_service(invocation, context, &args.service_name)?;
    run(&session, Action::Restart, args.timeout)
}

fn run(session: &Session<'_, '_>, action: Action, timeout: Duration) -> Result<Output, Error> {
    let _lock = session.lock()?;
    let Some(record) = session.record()? else {
        return Err(session.not_installed());
    };
    let backend = session.open_backend(Some(&record))?;
    let progress = |text: &str| session.context.progress(text);
    let mut service = session.service_context(&backend, &progress)?;
    let outcome = perform(&mut service, &record, action, timeout)?;
    let value = json!({
        "service": session.name,
        "result": outcome.result,
        "gateway": { "id": record.gateway_id, "name": record.gateway_name },
    });
    let command = session.invocation.path.last().map_or("", String::as_str);
    let schema = format!("kt.gateway.{command}/1");
    let message = format!("service `{}` {}", session.name, outcome.result);
    Ok(change_output(&schema, value, message, outcome.notes))
}
