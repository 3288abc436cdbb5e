//! `kt gateway uninstall`.

use super::change_output::change_output;
use super::plan_output::plan_output;
use super::session::Session;
use crate::args::{GatewayUninstallArgs, GatewayUninstallPrint};
use crate::context::ServiceContext;
use crate::operation::overwrite::{OverwritePolicy, check_overwrite};
use crate::operation::uninstall::{self as removal, UninstallOptions};
use kt_plugin_api::service::{Action, Plan, RenderOptions, ServiceSpec};
use kt_plugin_api::{Context, Error, Invocation, Output};
use serde_json::json;

pub(crate) fn uninstall(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayUninstallArgs = invocation.arguments()?;
    let session = Session::of_service(invocation, context, &args.service_name)?;
    let _lock = if args.print.is_none() {
        Some(session.lock()?)
    } else {
        None
    };
    let record = session.record()?;
    let Some(record) = record else {
        return not_installed(&session, args.print);
    };
    let backend = session.open_backend(Some(&record))?;
    let progress = |text: &str| context.progress(text);
    let mut service = session.service_context(&backend, &progress)?;
    if let Some(format) = args.print {
        service.detect_if_available();
        let observed = service.observe(&record.spec.name).ok();
        let plan = removal::preview(&service, &record, observed.as_ref(), args.purge)?;
        return Ok(plan_output(
            session.name.as_str(),
            &record.backend,
            &plan,
            &[],
            format == GatewayUninstallPrint::Json,
        ));
    }
    let options = UninstallOptions {
        force: args.force,
        purge: args.purge,
    };
    let outcome = removal::uninstall(&mut service, &record, options)?;
    Ok(output(&session, "uninstalled", outcome.notes))
}

fn output(session: &Session<'_, '_>, result: &str, notes: Vec<String>) -> Output {
    let value = json!({ "service": session.name, "result": result });
    let message = match result {
        "uninstalled" => format!("service `{}` uninstalled", session.name),
        _ => format!("service `{}` is not installed: nothing to do", session.name),
    };
    change_output("kt.gateway.uninstall/1", value, message, notes)
}

/// Returns the output for a service that is not installed. A foreign file of that name
/// is an error, and is not changed.
fn not_installed(
    session: &Session<'_, '_>,
    print: Option<GatewayUninstallPrint>,
) -> Result<Output, Error> {
    if let Some(format) = print {
        let plan = Plan::default();
        return Ok(plan_output(
            session.name.as_str(),
            "",
            &plan,
            &[],
            format == GatewayUninstallPrint::Json,
        ));
    }
    // Without a backend no file can exist.
    if let Ok(backend) = session.open_backend(None) {
        let service = session.service_context(&backend, &|_| {})?;
        refuse_foreign(session, &service)?;
    }
    Ok(output(session, "nothing", Vec::new()))
}

fn refuse_foreign(session: &Session<'_, '_>, service: &ServiceContext<'_>) -> Result<(), Error> {
    let spec = ServiceSpec {
        family: service.family.clone(),
        name: session.name.clone(),
        // Only the path of the file matters; its content is never compared.
        exec: vec!["/kt".to_owned()],
        ..ServiceSpec::default()
    };
    let plan = service.render(Action::Uninstall, &spec, None, RenderOptions::default())?;
    let policy = OverwritePolicy::default();
    check_overwrite(service.runner, None, &plan.artifacts, policy, false).map(drop)
}
