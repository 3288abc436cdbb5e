//! The requests to a backend, with the probes of the system.

use crate::record::Records;
use crate::system::SystemProbe;
use kt_plugin_api::service::execute::{Runner, run_probes};
use kt_plugin_api::service::{
    Action, AdoptRequest, Description, DetectRequest, Detection, InspectRequest, InspectTarget,
    LogSources, LogsRequest, ObserveRequest, Plan, RenderOptions, RenderRequest, ServiceBackend,
    ServiceName, ServiceSpec, ServiceStatus, SystemInfo,
};
use kt_plugin_api::{Class, Dirs, Error};
use std::path::Path;

/// The family of the services of this plugin: the first part of every unit name.
pub(crate) const FAMILY: &str = "kt-gateway";

/// What every operation works with.
pub(crate) struct ServiceContext<'a> {
    pub(crate) backend: &'a dyn ServiceBackend,
    pub(crate) description: Description,
    pub(crate) runner: &'a dyn Runner,
    pub(crate) system_info: SystemInfo,
    pub(crate) dirs: Dirs,
    pub(crate) records: Records,
    pub(crate) system: &'a dyn SystemProbe,
    /// The family of the service: the first part of every unit name.
    pub(crate) family: String,
    /// Reports the progress.
    pub(crate) progress: &'a dyn Fn(&str),
}

impl ServiceContext<'_> {
    /// Detects the service manager.
    pub(crate) fn detect(&self) -> Result<Detection, Error> {
        let request = InspectRequest {
            target: InspectTarget::Supervisor,
            system: self.system_info.clone(),
        };
        let results = run_probes(self.runner, &self.backend.inspect(&request)?);
        let system = self.system_info.clone();
        self.backend.detect(&DetectRequest { system, results })
    }

    /// Observes a service.
    pub(crate) fn observe(&self, name: &ServiceName) -> Result<ServiceStatus, Error> {
        let target = InspectTarget::Service {
            family: self.family.clone(),
            name: name.clone(),
        };
        let system = self.system_info.clone();
        let results = run_probes(
            self.runner,
            &self.backend.inspect(&InspectRequest { target, system })?,
        );
        let record = self.records.read(self.runner, name).ok().flatten();
        self.backend.observe(&ObserveRequest {
            family: self.family.clone(),
            name: name.clone(),
            system: self.system_info.clone(),
            results,
            spec: record.map(|r| r.spec),
        })
    }

    /// Observes a service that is about to be changed.
    ///
    /// # Errors
    /// Class `unavailable` with ID `supervisor-unresponsive`: a change based on an
    /// unknown state could stop a running service, or leave the old process running.
    pub(crate) fn observe_for_change(&self, name: &ServiceName) -> Result<ServiceStatus, Error> {
        let observed = self.observe(name)?;
        if observed.reachable {
            return Ok(observed);
        }
        let message = "the service manager does not report the state of the service";
        let error = Error::new(Class::Unavailable, "supervisor-unresponsive", message);
        let error = match &observed.unreachable_reason {
            Some(cause) => error.cause(cause),
            None => error,
        };
        Err(error.hint("try again; nothing was changed"))
    }

    /// Renders the plan of an action.
    pub(crate) fn render(
        &self,
        action: Action,
        spec: &ServiceSpec,
        observed: Option<&ServiceStatus>,
        options: RenderOptions,
    ) -> Result<Plan, Error> {
        self.backend.render(&RenderRequest {
            action,
            spec: spec.clone(),
            system: self.system_info.clone(),
            status: observed.cloned(),
            options,
        })
    }

    /// Renders the plan that tests whether the strict sandbox works.
    pub(crate) fn preflight(&self, spec: &ServiceSpec) -> Result<Plan, Error> {
        self.backend.preflight(&RenderRequest {
            action: Action::Install,
            spec: spec.clone(),
            system: self.system_info.clone(),
            status: None,
            options: RenderOptions::default(),
        })
    }

    /// Renders the plan that preserves the edits of a file.
    pub(crate) fn adopt(
        &self,
        spec: &ServiceSpec,
        path: &Path,
        original: &str,
        edited: &str,
    ) -> Result<Plan, Error> {
        self.backend.adopt(&AdoptRequest {
            spec: spec.clone(),
            system: self.system_info.clone(),
            path: path.to_owned(),
            original: original.to_owned(),
            edited: edited.to_owned(),
        })
    }

    /// Returns the sources of the log.
    pub(crate) fn logs(
        &self,
        spec: &ServiceSpec,
        lines: u32,
        since: Option<i64>,
    ) -> Result<LogSources, Error> {
        self.backend.logs(&LogsRequest {
            spec: spec.clone(),
            system: self.system_info.clone(),
            lines,
            since,
        })
    }
}
