//! `kt gateway start`, `stop` and `restart`.

use super::session::Session;
use crate::{preview, run};
use kt_plugin_api::service::Action;
use kt_plugin_api::{Context, Error, Invocation, Output};
use serde_json::json;
use std::time::Duration;

/// When the manifest's default is missing.
const PATIENCE: Duration = Duration::from_secs(60);

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
