//! `kt gateway start`, `stop` and `restart`.

use super::change_output::change_output;
use super::session::Session;
use crate::args::{GatewayRestartArgs, GatewayStartArgs, GatewayStopArgs};
use crate::operation::lifecycle::perform;
use kt_plugin_api::service::Action;
use kt_plugin_api::{Context, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::time::Duration;

/// The time limit of a stop, which has no option for it.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn start(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayStartArgs = invocation.arguments()?;
    let names = &args.service_name;
    perform_on_all((invocation, context), names, Action::Start, args.timeout)
}

pub(crate) fn stop(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayStopArgs = invocation.arguments()?;
    let names = &args.service_name;
    perform_on_all((invocation, context), names, Action::Stop, STOP_TIMEOUT)
}

pub(crate) fn restart(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayRestartArgs = invocation.arguments()?;
    let names = &args.service_name;
    perform_on_all((invocation, context), names, Action::Restart, args.timeout)
}

/// Performs the action on one service after another, and stops at the first error. All names are
/// checked before.
fn perform_on_all(
    (invocation, context): (&Invocation, &Context<'_>),
    names: &[String],
    action: Action,
    timeout: Duration,
) -> Result<Output, Error> {
    let sessions = names
        .iter()
        .map(|name| Session::of_service(invocation, context, name))
        .collect::<Result<Vec<_>, _>>()?;
    if sessions.len() > 1 {
        for session in &sessions {
            session.record()?.ok_or_else(|| session.not_installed())?;
        }
    }
    let mut outputs: Vec<Output> = Vec::new();
    for session in &sessions {
        let output = context
            .check_cancelled()
            .and_then(|()| run(session, action, timeout))
            .map_err(|error| partly(error, &outputs))?;
        outputs.push(output);
    }
    Ok(combined(outputs))
}

/// Returns the result of one service as it is, and those of several as a list.
fn combined(mut outputs: Vec<Output>) -> Output {
    if outputs.len() == 1
        && let Some(only) = outputs.pop()
    {
        return only;
    }
    let schema = outputs.first().map(|output| output.schema.clone());
    let values = outputs.iter().map(|output| output.value.clone()).collect();
    let mut all = Output::new(
        schema.unwrap_or_default(),
        Value::Array(values),
        View::Sections(Vec::new()),
    );
    all.notes = outputs.iter().flat_map(|o| o.notes.clone()).collect();
    all.view = View::Sections(outputs.into_iter().map(|output| output.view).collect());
    all.name_path("/service")
}

/// Adds to the error of a service what was done to those before it.
fn partly(error: Error, done: &[Output]) -> Error {
    if done.is_empty() {
        return error;
    }
    let results = done.iter().map(|output| {
        let text = |key: &str| output.value[key].as_str().unwrap_or_default();
        format!("service `{}` {}", text("service"), text("result"))
    });
    let results: Vec<String> = results.collect();
    let values: Vec<&Value> = done.iter().map(|output| &output.value).collect();
    error
        .cause(format!("before: {}", results.join(", ")))
        .data("done", json!(values))
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
