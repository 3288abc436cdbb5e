//! Collects the inputs of the status.

use super::inputs::{ArtifactStatus, ConfigVersion, StatusInputs};
use super::parked::read_parked_reason;
use crate::context::ServiceContext;
use crate::record::{Record, file_state};
use crate::system::process_table::{self, ProcessStatus};
use kt_control_api::admin_socket;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, Availability, Reason, RenderOptions, ServiceName, ServiceStatus,
};

/// Collects the inputs; `desired` queries the control plane for a gateway ID.
pub(crate) fn collect(
    service: Result<&mut ServiceContext<'_>, Error>,
    name: &ServiceName,
    record: Option<&Record>,
    desired: &dyn Fn(&str) -> Result<Option<ConfigVersion>, String>,
) -> StatusInputs {
    let mut inputs = StatusInputs {
        name: name.clone(),
        record: record.cloned(),
        supervisor: Err(Reason::default()),
        boot_start: false,
        artifact: None,
        parked: None,
        process: ProcessStatus::default(),
        gateway: Err("no service is installed".to_owned()),
        desired: Err("no service is installed".to_owned()),
    };
    match service {
        Err(error) => inputs.supervisor = Err(backend_failure(&error)),
        Ok(service) => query_backend(service, record, &mut inputs),
    }
    if let Some(record) = record {
        inputs.desired = desired(&record.gateway_id);
    }
    inputs
}

fn backend_failure(error: &Error) -> Reason {
    Reason {
        code: error.id.clone(),
        message: match error.causes.as_slice() {
            [] => error.message.clone(),
            causes => format!("{} ({})", error.message, causes.join("; ")),
        },
        fix: error.hints.first().cloned(),
    }
}

fn query_backend(
    service: &mut ServiceContext<'_>,
    record: Option<&Record>,
    inputs: &mut StatusInputs,
) {
    inputs.boot_start = service.description.capabilities.boot_start;
    inputs.supervisor = query_supervisor(service, &inputs.name);
    let Some(record) = record else { return };
    inputs.artifact = artifact_status(service, record);
    inputs.parked = read_parked_reason(service, record);
    let socket = admin_socket(&record.runtime_dir, &record.gateway_id);
    inputs.gateway = service.system.instance_status(&socket);
    let pid = inputs.supervisor.as_ref().ok().and_then(|o| o.pid);
    let listen = inputs.gateway.as_ref().ok().and_then(|g| g.text("/listen"));
    let installed = record.spec.exec.first().map(String::as_str);
    inputs.process = process_table::inspect(pid, installed, listen);
}

fn query_supervisor(
    service: &mut ServiceContext<'_>,
    name: &ServiceName,
) -> Result<ServiceStatus, Reason> {
    let detection = service.detect().map_err(|e| backend_failure(&e))?;
    service.apply_detection(&detection);
    if detection.availability != Availability::Available {
        return Err(detection.reasons.into_iter().next().unwrap_or_default());
    }
    let observed = service.observe(name).map_err(|e| backend_failure(&e))?;
    match &observed.unreachable_reason {
        Some(cause) if !observed.reachable => Err(Reason {
            code: "supervisor-unresponsive".to_owned(),
            message: format!("the service manager does not respond: {cause}"),
            fix: None,
        }),
        _ => Ok(observed),
    }
}

/// Returns the status of the service's file; of several files, the one in the most
/// severe state.
fn artifact_status(service: &ServiceContext<'_>, record: &Record) -> Option<ArtifactStatus> {
    let plan = service
        .render(
            Action::Install,
            &record.spec,
            None,
            RenderOptions::default(),
        )
        .ok()?;
    let states = plan.artifacts.iter().filter_map(|artifact| {
        let state = file_state(service.runner, Some(record), artifact).ok()?;
        Some((state, artifact))
    });
    // Of files in the same state the first one, which is the main file of a backend.
    let (state, artifact) =
        states.reduce(|worst, next| if next.0 > worst.0 { next } else { worst })?;
    let recorded = record.file(&artifact.path);
    Some(ArtifactStatus {
        state,
        sha256: recorded.map(|file| file.sha256.clone()),
        path: artifact.path.clone(),
    })
}
