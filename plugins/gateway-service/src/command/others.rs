//! `kt gateway start`, `stop`, `restart` and `logs`.

use super::session::Session;
use crate::{logs as log, preview, run};
use kt_plugin_api::service::Action;
use kt_plugin_api::{Context, Error, Invocation, Output, View};
use serde_json::json;
use std::time::Duration;

/// When the manifest's default is missing.
const PATIENCE: Duration = Duration::from_secs(60);
/// As above.
const LINES: u32 = 50;

pub(crate) fn start(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    act(invocation, context, Action::Start)
}

pub(crate) fn stop(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    act(invocation, context, Action::Stop)
}

pub(crate) fn restart(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    act(invocation, context, Action::Restart)
}

fn act(invocation: &Invocation, context: &Context<'_>, action: Action) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    let _lock = session.lock()?;
    let Some(record) = session.record()? else {
        return Err(run::not_installed(&session.name));
    };
    let backend = session.open(Some(&record))?;
    let say = |text: &str| context.progress(text);
    let mut desk = session.desk(&backend, &say)?;
    let patience = invocation.args.duration("timeout").unwrap_or(PATIENCE);
    let acted = run::act(&mut desk, &record, action, patience)?;
    let value = json!({
        "service": session.name,
        "result": acted.result,
        "gateway": { "id": record.gateway_id, "name": record.gateway_name },
    });
    let schema = format!(
        "kt.gateway.{}/1",
        invocation.path.last().map_or("", String::as_str)
    );
    let sentence = format!("service `{}` {}", session.name, acted.result);
    Ok(preview::changed(&schema, value, sentence, acted.notes))
}

pub(crate) fn logs(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    let Some(record) = session.record()? else {
        return Err(run::not_installed(&session.name));
    };
    let backend = session.open(Some(&record))?;
    let mut desk = session.desk(&backend, &|_| {})?;
    drop(desk.reach(false)?);
    let lines = invocation
        .args
        .integer("lines")
        .and_then(|n| u32::try_from(n).ok());
    let text = log::tail(&desk, &record.spec, lines.unwrap_or(LINES))?.unwrap_or_default();
    let value = json!({
        "service": session.name,
        "lines": text.lines().collect::<Vec<_>>(),
    });
    Ok(Output::new("kt.gateway.logs/1", value, View::Text(text)).named("/service"))
}
