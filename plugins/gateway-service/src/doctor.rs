//! The checks of this plugin for `kt doctor`: the service manager, the services, and the gateways
//! that run on this machine with their providers.

use crate::command::Session;
use crate::record::Records;
use crate::status::{self, ServiceState};
use crate::system::admin_socket::{InstanceStatus, query_status};
use kt_control_api::admin_sockets;
use kt_plugin_api::doctor::DoctorCheck;
use kt_plugin_api::service::{Availability, ServiceName};
use kt_plugin_api::{Class, Context, Error, Invocation, Provider};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) struct Doctor;

impl Provider for Doctor {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        if method != "check" {
            let message = format!("`kt.doctor/1` has no method `{method}`");
            return Err(Error::new(Class::Plugin, "unsupported-method", message));
        }
        let invocation: Invocation = serde_json::from_value(request).map_err(|e| {
            let message = "the request cannot be read";
            Error::new(Class::Plugin, "invalid-request", message).cause(e)
        })?;
        let names = Records::new(&invocation.dirs.state).names();
        let mut checks = vec![service_manager(&invocation, context, !names.is_empty())];
        let services = names.iter().map(|name| service(&invocation, context, name));
        checks.extend(services);
        checks.extend(gateways(&invocation.dirs.runtime));
        Ok(json!(checks))
    }
}

/// Checks the service manager. Without services nothing needs one.
fn service_manager(
    invocation: &Invocation,
    context: &Context<'_>,
    has_services: bool,
) -> DoctorCheck {
    let name = "service manager";
    let without = "`kt gateway run` runs a gateway without one";
    let detected = Session::new(invocation, context, ServiceName::DEFAULT).and_then(|session| {
        let backend = session.open_backend(None)?;
        let service = session.service_context(&backend, &|_| {})?;
        Ok((service.detect()?, service.description.name.clone()))
    });
    let (message, fix) = match detected {
        Err(error) => (error.to_string(), None),
        Ok((detection, backend)) => {
            if detection.availability == Availability::Available {
                return DoctorCheck::passed(name, format!("services are run by {backend}"));
            }
            let reason = detection.reasons.into_iter().next().unwrap_or_default();
            (reason.message, reason.fix)
        }
    };
    if has_services {
        DoctorCheck::failed(name, message, fix.as_deref().unwrap_or(without))
    } else {
        DoctorCheck::passed(name, format!("none: {message}; {without}"))
    }
}

fn service(invocation: &Invocation, context: &Context<'_>, name: &str) -> DoctorCheck {
    let check = format!("service {name}");
    let collected = Session::new(invocation, context, name)
        .and_then(|session| crate::command::collect(&session));
    let inputs = match collected {
        Ok(inputs) => inputs,
        Err(error) => return DoctorCheck::from_error(&check, &error),
    };
    let report = status::evaluate(&inputs, false);
    let Some(problem) = report.problems.first() else {
        return DoctorCheck::passed(&check, report.state.name());
    };
    let message = format!("{}: {}", report.state.name(), problem.message);
    let remedy = format!("kt gateway status --service-name {name}");
    match report.state {
        ServiceState::Running | ServiceState::Warnings | ServiceState::Stopped => {
            DoctorCheck::warning(&check, message, remedy)
        }
        _ => DoctorCheck::failed(&check, message, remedy),
    }
}

/// Checks the gateways that have a socket in the runtime directory.
fn gateways(runtime_dir: &Path) -> Vec<DoctorCheck> {
    let running = admin_sockets(runtime_dir)
        .into_iter()
        .filter_map(|(id, socket)| {
            // Without a listening process it is left over from one that was killed.
            Some((id, query_status(&socket).ok()?))
        });
    running
        .flat_map(|(id, status)| [gateway(&id, &status), providers(&id, &status)])
        .collect()
}

fn gateway(id: &str, status: &InstanceStatus) -> DoctorCheck {
    let name = format!("gateway {id}");
    let listen = status.text("/listen").unwrap_or("an unknown address");
    let remedy = "`kt gateway logs`, or the output of `kt gateway run`, has the reason";
    if status.flag("/live") == Some(false) {
        return DoctorCheck::failed(&name, format!("it hangs on {listen}"), remedy);
    }
    if status.flag("/ready") == Some(false) {
        return DoctorCheck::failed(&name, format!("it is not ready on {listen}"), remedy);
    }
    let rejected = status.text("/config/last_reload/error");
    if let Some(reason) = rejected {
        return DoctorCheck::warning(
            &name,
            format!("it is live on {listen}, but has rejected the last configuration: {reason}"),
            format!("kt gateway inspect --id {id}"),
        );
    }
    DoctorCheck::passed(&name, format!("it is live and ready on {listen}"))
}

fn providers(id: &str, status: &InstanceStatus) -> DoctorCheck {
    let name = format!("providers of gateway {id}");
    let all = status.at("/providers").and_then(Value::as_array);
    let all = all.map(Vec::as_slice).unwrap_or_default();
    let with = |state: &str| -> Vec<&str> {
        let matching = all.iter().filter(|p| p["state"] == state);
        matching.filter_map(|p| p["id"].as_str()).collect()
    };
    let (without_credential, open) = (with("no-credential"), with("circuit-open"));
    if !without_credential.is_empty() {
        let message = format!("without a credential: {}", without_credential.join(", "));
        let remedy = "set the environment variable or the stored secret (`kt secret set`) that \
                      `secret_key_ref` names, then `kt gateway reload`";
        return DoctorCheck::warning(&name, message, remedy);
    }
    if !open.is_empty() {
        let message = format!("failing, and not asked for now: {}", open.join(", "));
        return DoctorCheck::warning(&name, message, "check the provider and its address");
    }
    DoctorCheck::passed(&name, format!("{} available", all.len()))
}
