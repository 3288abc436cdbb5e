//! `kt gateway install`.

use super::change_output::change_output;
use super::install_request::install_request;
use super::print_plan::print_plan;
use super::session::Session;
use crate::args::{GatewayInstallArgs, GatewayInstallPrint};
use crate::context::ServiceContext;
use crate::operation::install::{self, InstallOutcome};
use crate::operation::lifecycle::not_installed;
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::json;

pub(crate) fn install(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayInstallArgs = invocation.arguments()?;
    let session = Session::new(invocation, context, &args.service_name)?;
    if let Some(format) = args.print {
        return print_plan(&session, &args, format == GatewayInstallPrint::Json);
    }
    let _lock = session.lock()?;
    let previous = session.record()?;
    if previous.is_none() && args.refresh {
        return Err(not_installed(&session.name));
    }
    let backend = session.open_backend_or(args.backend.as_deref(), previous.as_ref())?;
    let progress = |text: &str| context.progress(text);
    let mut service = session.service_context(&backend, &progress)?;
    refuse_other_os(&service)?;
    service.detect_if_available();
    let (request, mut notes) = install_request(&session, &args, &service, previous.as_ref())?;
    let outcome = install::install(&mut service, &request, previous.as_ref())?;
    notes.extend(outcome.notes.iter().cloned());
    Ok(output(&outcome, notes))
}

fn refuse_other_os(service: &ServiceContext<'_>) -> Result<(), Error> {
    if service.description.os.contains(&service.system_info.os) {
        return Ok(());
    }
    let message = format!(
        "`{}` supports {}, and this is {}",
        service.description.name,
        service.description.os.join(", "),
        service.system_info.os
    );
    Err(Error::new(Class::Unavailable, "no-supervisor", message)
        .hint("`--print` shows what it would do there"))
}

fn output(outcome: &InstallOutcome, mut notes: Vec<String>) -> Output {
    let record = &outcome.record;
    let value = json!({
        "service": record.spec.name,
        "result": outcome.result,
        "gateway": { "id": record.gateway_id, "name": record.gateway_name },
        "backend": record.backend,
        "files": record.files.iter().map(|f| &f.path).collect::<Vec<_>>(),
        "executable": record.spec.exec.first(),
        "environment_file": record.spec.environment_file,
        "sandbox": record.spec.sandbox,
    });
    if let Some(error) = &record.sandbox_error
        && outcome.result != "unchanged"
    {
        notes.push(format!("the strict sandbox does not work here: {error}"));
    }
    let message = format!(
        "service `{}` {}: it runs gateway `{}`",
        record.spec.name, outcome.result, record.gateway_name
    );
    change_output("kt.gateway.install/1", value, message, notes)
}
