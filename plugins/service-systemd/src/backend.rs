//! The backend: dispatches methods to modules.

use crate::{adopt, detect, logs, manager, observe, preflight, steps};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    AdoptRequest, Capabilities, Description, DetectRequest, Detection, InspectRequest,
    InspectTarget, LogSources, LogsRequest, ObserveRequest, Plan, Probes, RenderRequest,
    ServiceBackend, ServiceStatus,
};

pub(crate) struct Systemd;

impl ServiceBackend for Systemd {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "systemd".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: vec!["linux".to_owned()],
            capabilities: Capabilities {
                readiness: true,
                watchdog: true,
                boot_start: true,
                park_by_exit_code: true,
                environment_file: true,
                logs: true,
                strict_sandbox: true,
                drop_ins: true,
            },
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let probes = match &request.target {
            InspectTarget::Supervisor => detect::probes(&request.system),
            InspectTarget::Service { family, name } => {
                observe::probes(&request.system, &manager::unit_name(family, name))
            }
        };
        Ok(Probes { probes })
    }

    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error> {
        detect::detect(request)
    }

    fn observe(&self, request: &ObserveRequest) -> Result<ServiceStatus, Error> {
        observe::observe(request)
    }

    fn render(&self, request: &RenderRequest) -> Result<Plan, Error> {
        steps::plan(request)
    }

    fn preflight(&self, request: &RenderRequest) -> Result<Plan, Error> {
        preflight::plan(request)
    }

    fn adopt(&self, request: &AdoptRequest) -> Result<Plan, Error> {
        adopt::plan(request)
    }

    fn logs(&self, request: &LogsRequest) -> Result<LogSources, Error> {
        Ok(logs::sources(request))
    }
}
