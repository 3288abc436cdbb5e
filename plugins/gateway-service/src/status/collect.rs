//! Looks at every layer.

use super::layers::{ArtifactLayer, Layers, Parked, ProcessLayer, Version};
use crate::control;
use crate::desk::Desk;
use crate::files;
use crate::machine::process_table;
use crate::record::Record;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, Availability, Reason, RenderOptions, ServiceName, ServiceStatus,
};

/// Looks at everything but the control plane, which `desired` asks.
pub(crate) fn collect(
    desk: Result<&mut Desk<'_>, Error>,
    name: &ServiceName,
    record: Option<&Record>,
    desired: &dyn Fn(&str) -> Result<Option<Version>, String>,
) -> Layers {
    let mut layers = Layers {
        name: name.clone(),
        record: record.cloned(),
        supervisor: Err(Reason::default()),
        boot_start: false,
        artifact: None,
        parked: None,
        process: ProcessLayer::default(),
        gateway: Err("no service is installed".to_owned()),
        desired: Err("no service is installed".to_owned()),
    };
    match desk {
        Err(error) => layers.supervisor = Err(no_backend(&error)),
        Ok(desk) => with_backend(desk, record, &mut layers),
    }
    if let Some(record) = record {
        layers.desired = desired(&record.gateway_id);
    }
    layers
}

fn no_backend(error: &Error) -> Reason {
    Reason {
        code: error.id.clone(),
        message: match error.causes.as_slice() {
            [] => error.message.clone(),
            causes => format!("{} ({})", error.message, causes.join("; ")),
        },
        fix: error.hints.first().cloned(),
    }
}

fn with_backend(desk: &mut Desk<'_>, record: Option<&Record>, layers: &mut Layers) {
    layers.boot_start = desk.described.capabilities.boot_start;
    layers.supervisor = supervisor(desk, &layers.name);
    let Some(record) = record else { return };
    layers.artifact = artifact(desk, record);
    layers.parked = parked(desk, record);
    let socket = control::socket(&record.runtime_dir, &record.gateway_id);
    layers.gateway = desk.here.ask(&socket);
    let pid = layers.supervisor.as_ref().ok().and_then(|o| o.pid);
    let listen = layers.gateway.as_ref().ok().and_then(|g| g.text("/listen"));
    let installed = record.spec.exec.first().map(String::as_str);
    layers.process = process_table::look(pid, installed, listen);
}

fn supervisor(desk: &mut Desk<'_>, name: &ServiceName) -> Result<ServiceStatus, Reason> {
    let detection = desk.detect().map_err(|e| no_backend(&e))?;
    desk.adopt(&detection);
    if detection.availability != Availability::Available {
        return Err(detection.reasons.into_iter().next().unwrap_or_default());
    }
    let observed = desk.observe(name).map_err(|e| no_backend(&e))?;
    match &observed.unreachable_reason {
        Some(why) if !observed.reachable => Err(Reason {
            code: "supervisor-unresponsive".to_owned(),
            message: format!("the service manager does not answer: {why}"),
            fix: None,
        }),
        _ => Ok(observed),
    }
}

/// StepError the last run was not to be started again. A run that began since then
/// forgot it, so what is there holds.
pub(crate) fn parked(desk: &Desk<'_>, record: &Record) -> Option<Parked> {
    let file = desk.records.dir(&record.spec.name).join("parked.json");
    let bytes = desk.runner.read(&file).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// The service's file; of several the one that stands worst.
fn artifact(desk: &Desk<'_>, record: &Record) -> Option<ArtifactLayer> {
    let plan = desk
        .render(
            Action::Install,
            &record.spec,
            None,
            RenderOptions::default(),
        )
        .ok()?;
    let judged = plan.artifacts.iter().filter_map(|artifact| {
        let state = files::state(desk.runner, Some(record), artifact).ok()?;
        Some((state, artifact))
    });
    // Of equals the first, which a backend names first for a reason.
    let (state, artifact) =
        judged.reduce(|worst, next| if next.0 > worst.0 { next } else { worst })?;
    let known = record.files.iter().find(|f| f.path == artifact.path);
    Some(ArtifactLayer {
        state,
        sha256: known.map(|f| f.sha256.clone()),
        path: artifact.path.clone(),
    })
}
