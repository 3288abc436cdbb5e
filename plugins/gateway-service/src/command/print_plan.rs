//! `kt gateway install --print`.

use super::install_request::{refreshed_record, spec_options};
use super::plan_output::plan_output;
use super::session::Session;
use crate::args::{GatewayInstallArgs, GatewayInstallSandbox};
use crate::context::ServiceContext;
use crate::record::Record;
use crate::spec::{self, requested_executable, stable_path};
use kt_control_api::{GatewayId, connect, resolve_gateway};
use kt_plugin_api::service::{
    Action, Availability, RenderOptions, Sandbox, ServiceBackend as _, ServiceStatus,
};
use kt_plugin_api::{Error, Output};

/// Prints the plan without changes. For another operating system the service manager is
/// not queried.
pub(super) fn print_plan(
    session: &Session<'_, '_>,
    args: &GatewayInstallArgs,
    as_json: bool,
) -> Result<Output, Error> {
    let previous = session.record()?;
    let id = gateway_id(session, args, previous.as_ref())?;
    let backend = session.open_backend_or(args.backend.as_deref(), previous.as_ref())?;
    let mut service = session.service_context(&backend, &|_| {})?;
    let this_os = service.description.os.contains(&service.system_info.os);
    if !this_os {
        service.system_info.os = service.description.os.first().cloned().unwrap_or_default();
        service.system_info.runtime_dir = None;
    }
    let observed = if this_os {
        observe(&mut service, session)?
    } else {
        None
    };
    let invocation = session.invocation;
    let mut notes = Vec::new();
    let executable = requested_executable(args.executable.as_deref(), invocation, &session.env)
        .unwrap_or_else(|error| {
            notes.push(format!("`kt gateway install` would refuse this: {error}"));
            stable_path(&invocation.exe, &session.env.path)
        });
    let refresh = previous.as_ref().filter(|_| args.refresh);
    let mut spec = match refresh {
        Some(previous) => refreshed_record(session, args, &service, previous)?.spec,
        None => {
            let options = spec_options(args, &id, executable);
            spec::build(invocation, &service, &session.name, &options)?
        }
    };
    spec.sandbox = preview_sandbox(args.sandbox, previous.as_ref(), &service, &mut notes);
    let options = RenderOptions {
        start: !args.no_start,
        start_at_boot: !args.no_linger,
        ..RenderOptions::default()
    };
    let plan = service.render(Action::Install, &spec, observed.as_ref(), options)?;
    let (name, backend) = (session.name.as_str(), backend.describe()?.name);
    Ok(plan_output(name, &backend, &plan, &notes, as_json))
}

/// Returns the sandbox level that would be tested first, because the test itself has
/// effects.
fn preview_sandbox(
    requested: Option<GatewayInstallSandbox>,
    previous: Option<&Record>,
    service: &ServiceContext<'_>,
    notes: &mut Vec<String>,
) -> Sandbox {
    if !service.description.capabilities.strict_sandbox {
        return Sandbox::Base;
    }
    match requested {
        Some(GatewayInstallSandbox::Strict) => Sandbox::Strict,
        Some(GatewayInstallSandbox::Base) => Sandbox::Base,
        Some(GatewayInstallSandbox::Auto) | None => previous.map_or_else(
            || {
                notes.push(
                    "the plan has the strict sandbox; where it does not work, the base sandbox is installed"
                        .to_owned(),
                );
                Sandbox::Strict
            },
            |record| record.spec.sandbox,
        ),
    }
}

/// Returns the ID of the gateway. If the argument is an ID, no control plane is needed.
fn gateway_id(
    session: &Session<'_, '_>,
    args: &GatewayInstallArgs,
    previous: Option<&Record>,
) -> Result<String, Error> {
    if let (true, Some(previous)) = (args.refresh, previous) {
        return Ok(previous.gateway_id.clone());
    }
    let requested = args.id.as_deref();
    if let Some(id) = requested.and_then(|text| text.parse::<GatewayId>().ok()) {
        return Ok(id.to_string());
    }
    let client = connect(session.invocation, session.context)?;
    Ok(resolve_gateway(&client, requested)?.id.to_string())
}

fn observe(
    service: &mut ServiceContext<'_>,
    session: &Session<'_, '_>,
) -> Result<Option<ServiceStatus>, Error> {
    let detection = service.detect()?;
    service.apply_detection(&detection);
    if detection.availability != Availability::Available {
        return Ok(None);
    }
    service.observe(&session.name).map(Some)
}
