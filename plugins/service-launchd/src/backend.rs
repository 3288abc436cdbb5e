//! The backend: dispatches methods to modules.

use crate::{detect, domain, observe, steps};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Capabilities, Description, DetectRequest, Detection, InspectRequest, InspectTarget, LogSource,
    LogSources, LogsRequest, ObserveRequest, Plan, Probes, RenderRequest, ServiceBackend,
    ServiceStatus,
};

pub(crate) struct Launchd;

impl ServiceBackend for Launchd {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "launchd".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: vec!["macos".to_owned()],
            capabilities: Capabilities::default(),
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let system = &request.system;
        let probes = match &request.target {
            InspectTarget::Supervisor => detect::probes(system),
            InspectTarget::Service { family, name } => {
                observe::probes(system, &domain::label(family, name))
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
            supervisor: None,
        })
    }
}
