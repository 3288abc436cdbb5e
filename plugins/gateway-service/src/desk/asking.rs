//! What every action asks a backend, over the machine.

use crate::control::InstanceStatus;
use crate::record::Records;
use kt_plugin_api::service::execute::{Runner, look};
use kt_plugin_api::service::{
    Action, Description, DetectRequest, Detection, Facts, InspectRequest, LogSources, LogsRequest,
    ObserveRequest, Observed, Plan, RenderOptions, RenderRequest, ServiceBackend, ServiceName,
    ServiceSpec, Subject,
};
use kt_plugin_api::{Dirs, Error};
use std::path::Path;

/// The family of every service of this plugin.
pub(crate) const FAMILY: &str = "kt-gateway";

/// Asks a gateway over its socket how it is.
pub(crate) type Ask<'a> = &'a dyn Fn(&Path) -> Result<InstanceStatus, String>;

/// What an action works with.
pub(crate) struct Desk<'a> {
    pub(crate) backend: &'a dyn ServiceBackend,
    pub(crate) described: Description,
    pub(crate) runner: &'a dyn Runner,
    pub(crate) facts: Facts,
    pub(crate) dirs: Dirs,
    pub(crate) records: Records,
    pub(crate) ask: Ask<'a>,
    /// Says what is being done.
    pub(crate) say: &'a dyn Fn(&str),
}

impl Desk<'_> {
    /// Looks for the service manager.
    pub(crate) fn detect(&self) -> Result<Detection, Error> {
        let request = InspectRequest {
            subject: Subject::Supervisor,
            facts: self.facts.clone(),
        };
        let results = look(self.runner, &self.backend.inspect(&request)?);
        let facts = self.facts.clone();
        self.backend.detect(&DetectRequest { facts, results })
    }

    /// Looks at a service.
    pub(crate) fn observe(&self, name: &ServiceName) -> Result<Observed, Error> {
        let subject = Subject::Service {
            family: FAMILY.to_owned(),
            name: name.clone(),
        };
        let facts = self.facts.clone();
        let results = look(
            self.runner,
            &self.backend.inspect(&InspectRequest { subject, facts })?,
        );
        self.backend.observe(&ObserveRequest {
            family: FAMILY.to_owned(),
            name: name.clone(),
            facts: self.facts.clone(),
            results,
        })
    }

    /// What to do for an action.
    pub(crate) fn render(
        &self,
        action: Action,
        spec: &ServiceSpec,
        observed: Option<&Observed>,
        options: RenderOptions,
    ) -> Result<Plan, Error> {
        self.backend.render(&RenderRequest {
            action,
            spec: spec.clone(),
            facts: self.facts.clone(),
            observed: observed.cloned(),
            options,
        })
    }

    /// Where the log is.
    pub(crate) fn logs(&self, spec: &ServiceSpec, lines: u32) -> Result<LogSources, Error> {
        self.backend.logs(&LogsRequest {
            spec: spec.clone(),
            facts: self.facts.clone(),
            lines,
        })
    }
}
