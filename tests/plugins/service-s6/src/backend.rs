//! The backend: which module answers which method.

use crate::{detect, observe, steps};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Capabilities, Description, DetectRequest, Detection, InspectRequest, InspectTarget, LogSource,
    LogSources, LogsRequest, ObserveRequest, ServiceStatus, Plan, Probes, RenderRequest, ServiceBackend,
};

pub(crate) struct S6;

impl ServiceBackend for S6 {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "s6".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: vec!["linux".to_owned()],
            // No readiness and no watchdog: the gateway speaks another protocol
            // than s6. No start at boot: who starts s6-svscan, and when, is the
            // person's affair.
            capabilities: Capabilities {
                park_by_exit_code: true,
                environment_file: true,
                ..Capabilities::default()
            },
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let probes = match &request.subject {
            InspectTarget::Supervisor => detect::probes(&request.system),
            InspectTarget::Service { family, name } => {
                observe::probes(&request.system, family, name)
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

    fn logs(&self, request: &LogsRequest) -> Result<LogSources, Error> {
        let file = request.spec.stderr_file.clone();
        Ok(LogSources {
            sources: file.into_iter().map(LogSource::File).collect(),
            manager: None,
        })
    }
}
