//! What every action asks a backend, over the machine.

use super::Surroundings;
use crate::record::Records;
use kt_plugin_api::service::execute::{Runner, run_probes};
use kt_plugin_api::service::{
    Action, AdoptRequest, Description, DetectRequest, Detection, InspectRequest, InspectTarget,
    LogSources, LogsRequest, ObserveRequest, Plan, RenderOptions, RenderRequest, ServiceBackend,
    ServiceName, ServiceSpec, ServiceStatus, SystemInfo,
};
use kt_plugin_api::{Class, Dirs, Error};
use std::path::Path;

/// What an action works with.
pub(crate) struct Desk<'a> {
    pub(crate) backend: &'a dyn ServiceBackend,
    pub(crate) described: Description,
    pub(crate) runner: &'a dyn Runner,
    pub(crate) system: SystemInfo,
    pub(crate) dirs: Dirs,
    pub(crate) records: Records,
    pub(crate) here: &'a dyn Surroundings,
    /// What kind of service: the first part of every name.
    pub(crate) family: String,
    /// Says what is being done.
    pub(crate) say: &'a dyn Fn(&str),
}

impl Desk<'_> {
    /// Looks for the service manager.
    pub(crate) fn detect(&self) -> Result<Detection, Error> {
        let request = InspectRequest {
            target: InspectTarget::Supervisor,
            system: self.system.clone(),
        };
        let results = run_probes(self.runner, &self.backend.inspect(&request)?);
        let system = self.system.clone();
        self.backend.detect(&DetectRequest { system, results })
    }

    /// Looks at a service.
    pub(crate) fn observe(&self, name: &ServiceName) -> Result<ServiceStatus, Error> {
        let subject = InspectTarget::Service {
            family: self.family.clone(),
            name: name.clone(),
        };
        let system = self.system.clone();
        let results = run_probes(
            self.runner,
            &self.backend.inspect(&InspectRequest {
                target: subject,
                system,
            })?,
        );
        let record = self.records.read(self.runner, name).ok().flatten();
        self.backend.observe(&ObserveRequest {
            family: self.family.clone(),
            name: name.clone(),
            system: self.system.clone(),
            results,
            spec: record.map(|r| r.spec),
        })
    }

    /// Looks at a service that is about to be changed.
    ///
    /// # Errors
    /// Class `unavailable` with id `supervisor-unresponsive`: acting on what is not
    /// known could end what runs, or leave the old one running.
    pub(crate) fn observe_to_change(&self, name: &ServiceName) -> Result<ServiceStatus, Error> {
        let observed = self.observe(name)?;
        if observed.reachable {
            return Ok(observed);
        }
        let message = "the service manager does not say how the service stands";
        let error = Error::new(Class::Unavailable, "supervisor-unresponsive", message);
        let error = match &observed.unreachable_reason {
            Some(why) => error.cause(why),
            None => error,
        };
        Err(error.hint("try again; nothing was changed"))
    }

    /// What to do for an action.
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
            system: self.system.clone(),
            status: observed.cloned(),
            options,
        })
    }

    /// What shows whether the strict sandbox works.
    pub(crate) fn preflight(&self, spec: &ServiceSpec) -> Result<Plan, Error> {
        self.backend.preflight(&RenderRequest {
            action: Action::Install,
            spec: spec.clone(),
            system: self.system.clone(),
            status: None,
            options: RenderOptions::default(),
        })
    }

    /// How edits of a file are kept.
    pub(crate) fn adoption(
        &self,
        spec: &ServiceSpec,
        path: &Path,
        written: &str,
        edited: &str,
    ) -> Result<Plan, Error> {
        self.backend.adopt(&AdoptRequest {
            spec: spec.clone(),
            system: self.system.clone(),
            path: path.to_owned(),
            original: written.to_owned(),
            edited: edited.to_owned(),
        })
    }

    /// Where the log is.
    pub(crate) fn logs(
        &self,
        spec: &ServiceSpec,
        lines: u32,
        since: Option<i64>,
    ) -> Result<LogSources, Error> {
        self.backend.logs(&LogsRequest {
            spec: spec.clone(),
            system: self.system.clone(),
            lines,
            since,
        })
    }
}
