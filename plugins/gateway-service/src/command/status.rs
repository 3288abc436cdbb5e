//! `kt gateway status`.

use super::session::Session;
use crate::args::GatewayStatusArgs;
use crate::record::Records;
use crate::status::{self, ConfigVersion, ServiceState, StatusInputs, StatusReport};
use kt_control_api::connect;
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use std::time::{Duration, Instant};

/// The time limit for the control plane.
const CONTROL_PLANE_TIMEOUT: Duration = Duration::from_secs(2);
/// The polling interval of `--wait`; each poll runs programs.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) fn status(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    wait_for_status(invocation, context).map_err(|error| match error.class {
        Class::Interrupted | Class::Terminated => error,
        // The state is unknown, so the exit code must not report one.
        _ => error.outcome(ServiceState::Unknown.name()),
    })
}

fn wait_for_status(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayStatusArgs = invocation.arguments()?;
    if args.all {
        return all(invocation, context, args.strict);
    }
    let session = Session::of_service(invocation, context, &args.service_name)?;
    let deadline = Instant::now() + args.timeout;
    loop {
        let inputs = collect(&session)?;
        let report = status::evaluate(&inputs, args.strict);
        if args.wait.is_none() || is_final(&report) || Instant::now() >= deadline {
            return Ok(status::output(&inputs, &report));
        }
        context.progress("waiting until the gateway is ready …");
        let _reason = context.wait_cancelled(POLL_INTERVAL);
        context.check_cancelled()?;
    }
}

/// Returns the status of every service of this user.
fn all(invocation: &Invocation, context: &Context<'_>, strict: bool) -> Result<Output, Error> {
    let names = Records::new(&invocation.dirs.state).names();
    let mut services = Vec::new();
    for name in names {
        context.check_cancelled()?;
        let session = Session::new(invocation, context, &name)?;
        let inputs = collect(&session)?;
        let report = status::evaluate(&inputs, strict);
        services.push((inputs, report));
    }
    Ok(status::list_output(&services))
}

/// Returns whether the gateway is ready, or will not become ready by itself. The applied
/// configuration does not matter.
fn is_final(report: &StatusReport) -> bool {
    use ServiceState::{Degraded, Failed, NotInstalled, Parked, Running, Warnings};
    matches!(
        report.state,
        Running | Degraded | Warnings | Failed | Parked | NotInstalled
    )
}

pub(crate) fn collect(session: &Session<'_, '_>) -> Result<StatusInputs, Error> {
    let record = session.record()?;
    let desired = |id: &str| desired_config(session, id);
    let backend = session.open_backend(record.as_ref());
    let service = backend
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|backend| session.service_context(backend, &|_| {}));
    let name = &session.name;
    Ok(match service {
        Ok(mut service) => status::collect(Ok(&mut service), name, record.as_ref(), &desired),
        Err(error) => status::collect(Err(error), name, record.as_ref(), &desired),
    })
}

fn desired_config(session: &Session<'_, '_>, id: &str) -> Result<Option<ConfigVersion>, String> {
    let context = session.context.with_timeout(CONTROL_PLANE_TIMEOUT);
    let client = connect(session.invocation, &context).map_err(|e| e.to_string())?;
    let gateway = client.gateway(id).map_err(|e| e.to_string())?;
    Ok(gateway.desired.map(|desired| ConfigVersion {
        version: Some(desired.version),
        sha256: desired.sha256.to_string(),
    }))
}
