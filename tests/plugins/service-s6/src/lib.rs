//! The plugin `service-s6`: services of the user's own `s6-svscan`.
//!
//! An example of a backend that is not part of kt. It only translates: it renders
//! scripts, returns probes and steps, and evaluates results. The caller runs them.

mod detect;
mod files;
mod observe;
mod paths;
mod steps;
#[cfg(test)]
mod tests;

use kt_plugin_api::service::{
    Capabilities, Description, DetectRequest, Detection, INTERFACE, InspectRequest, InspectTarget,
    LogSource, LogSources, LogsRequest, ObserveRequest, Plan, Probes, RenderRequest,
    ServiceBackend, ServiceProvider, ServiceStatus,
};
use kt_plugin_api::{Error, Host, Plugin, Provider};

struct ServiceS6 {
    provider: ServiceProvider<S6>,
}

impl Plugin for ServiceS6 {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self {
            provider: ServiceProvider(S6),
        })
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(&self.provider)
    }
}

kt_plugin_api::export_plugin!(ServiceS6, "../plugin.toml");

struct S6;

impl ServiceBackend for S6 {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "s6".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: vec!["linux".to_owned()],
            // No readiness and no watchdog: the gateway does not support the
            // protocol of s6. No start at boot: the user starts s6-svscan.
            capabilities: Capabilities {
                park_by_exit_code: true,
                environment_file: true,
                ..Capabilities::default()
            },
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let probes = match &request.target {
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
        let file = request.spec.stderr_file.clone().map(LogSource::File);
        Ok(LogSources {
            sources: file.into_iter().collect(),
            supervisor: None,
        })
    }
}
