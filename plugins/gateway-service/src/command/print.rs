//! `kt gateway install --print`.

use super::session::Session;
use super::wanted::{renewed, wish};
use crate::desk::Desk;
use crate::record::Record;
use crate::{binary, preview, spec};
use kt_control_api::{GatewayId, connect, resolve_gateway};
use kt_plugin_api::service::{
    Action, Availability, RenderOptions, Sandbox, ServiceBackend as _, ServiceStatus,
};
use kt_plugin_api::{Error, Output};

/// Shows everything and does nothing. For another system nobody is asked how
/// things stand there.
pub(super) fn print(session: &Session<'_, '_>, as_json: bool) -> Result<Output, Error> {
    let before = session.record()?;
    let id = gateway(session, before.as_ref())?;
    let backend = session.open(before.as_ref())?;
    let mut desk = session.desk(&backend, &|_| {})?;
    let here = desk.described.os.contains(&desk.system.os);
    if !here {
        desk.system.os = desk.described.os.first().cloned().unwrap_or_default();
        desk.system.runtime_dir = None;
    }
    let observed = if here {
        look(&mut desk, session)?
    } else {
        None
    };
    let invocation = session.invocation;
    let mut notes = Vec::new();
    let executable = spec::executable(invocation, &session.env).unwrap_or_else(|error| {
        notes.push(format!("`kt gateway install` would refuse this: {error}"));
        binary::stable_path(&invocation.exe, &session.env.path)
    });
    let refreshed = before.as_ref().filter(|_| invocation.args.flag("refresh"));
    let mut spec = match refreshed {
        Some(before) => renewed(session, &desk, before)?.spec,
        None => {
            let wish = wish(session, &id, executable);
            spec::spec(invocation, &desk, &session.name, &wish)?
        }
    };
    spec.sandbox = sandbox(session, before.as_ref(), &desk, &mut notes);
    let options = RenderOptions {
        start: !invocation.args.flag("no-start"),
        start_at_boot: !invocation.args.flag("no-linger"),
        ..RenderOptions::default()
    };
    let plan = desk.render(Action::Install, &spec, observed.as_ref(), options)?;
    let (service, backend) = (session.name.as_str(), backend.describe()?.name);
    Ok(preview::show(service, &backend, &plan, &notes, as_json))
}

/// Trying a sandbox has effects, so what would be tried is only shown.
fn sandbox(
    session: &Session<'_, '_>,
    before: Option<&Record>,
    desk: &Desk<'_>,
    notes: &mut Vec<String>,
) -> Sandbox {
    if !desk.described.capabilities.strict_sandbox {
        return Sandbox::Base;
    }
    match session.invocation.args.text("sandbox") {
        Some("strict") => Sandbox::Strict,
        Some("base") => Sandbox::Base,
        _ => before.map_or_else(
            || {
                notes.push(
                    "the sandbox is shown strict; where that does not work, the base is installed"
                        .to_owned(),
                );
                Sandbox::Strict
            },
            |record| record.spec.sandbox,
        ),
    }
}

/// The gateway's id. The answer must not need a control plane when the id is
/// spelt out.
fn gateway(session: &Session<'_, '_>, before: Option<&Record>) -> Result<String, Error> {
    let args = &session.invocation.args;
    if let (true, Some(before)) = (args.flag("refresh"), before) {
        return Ok(before.gateway_id.clone());
    }
    let wanted = args.text("id");
    if let Some(id) = wanted.and_then(|w| w.parse::<GatewayId>().ok()) {
        return Ok(id.to_string());
    }
    let client = connect(session.invocation, session.context)?;
    Ok(resolve_gateway(&client, wanted)?.id.to_string())
}

fn look(desk: &mut Desk<'_>, session: &Session<'_, '_>) -> Result<Option<ServiceStatus>, Error> {
    let detection = desk.detect()?;
    desk.adopt(&detection);
    if detection.availability != Availability::Available {
        return Ok(None);
    }
    desk.observe(&session.name).map(Some)
}
