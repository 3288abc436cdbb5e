//! Asks the backend, and carries out what it says.

use super::machine::{Machine, until};
use crate::backend::S6;
use crate::place::Place;
use crate::sample::{system, spec};
use kt_plugin_api::service::execute::{AppliedPlan, apply, run_probes};
use kt_plugin_api::service::{
    Action, ActiveState, SystemInfo, InspectRequest, InspectTarget, ObserveRequest, ServiceStatus, Plan,
    RenderOptions, RenderRequest, ServiceBackend, ServiceSpec,
};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// What a service of a test does.
pub(super) const LONG: &str = "exec sleep 600";

impl Machine {
    pub(super) fn system(&self) -> SystemInfo {
        SystemInfo {
            uid: fs::metadata(self.home.path()).unwrap().uid(),
            ..system(self.home.path())
        }
    }

    pub(super) fn place(&self) -> Place {
        Place::new(&self.system(), "kt-gateway", &ServiceSpec::default().name)
    }

    /// A service that runs `script` of a shell.
    pub(super) fn service(&self, script: &str) -> ServiceSpec {
        ServiceSpec {
            stop_timeout_s: 5,
            stderr_file: Some(self.home.path().join("log")),
            ..spec(&["/bin/sh", "-c", script])
        }
    }

    pub(super) fn observe(&self) -> ServiceStatus {
        let spec = ServiceSpec::default();
        let subject = InspectTarget::Service {
            family: "kt-gateway".to_owned(),
            name: spec.name.clone(),
        };
        let system = self.system();
        let request = InspectRequest { subject, system };
        let results = run_probes(self, &S6.inspect(&request).unwrap());
        let request = ObserveRequest {
            family: "kt-gateway".to_owned(),
            name: spec.name,
            system: request.system,
            results,
            spec: None,
        };
        S6.observe(&request).unwrap()
    }

    pub(super) fn plan(&self, action: Action, spec: &ServiceSpec, options: RenderOptions) -> Plan {
        let request = RenderRequest {
            action,
            spec: spec.clone(),
            system: self.system(),
            observed: Some(self.observe()),
            options,
        };
        S6.render(&request).unwrap()
    }

    /// As a transaction.
    pub(super) fn act(&self, action: Action, spec: &ServiceSpec) -> AppliedPlan {
        let plan = self.plan(action, spec, RenderOptions::default());
        apply(self, &plan)
            .unwrap_or_else(|failure| panic!("{action:?}: {} {}", failure.step.id, failure.why))
    }

    pub(super) fn becomes(&self, activity: ActiveState) -> ServiceStatus {
        until(&format!("{activity:?}"), || {
            self.observe().active == activity
        });
        self.observe()
    }

    /// Every file that is not s6's own, with mode and text.
    pub(super) fn files(&self) -> BTreeMap<String, (u32, String)> {
        let mut all = BTreeMap::new();
        collect(&self.home.path().join(".local/share/s6"), &mut all);
        all
    }
}

fn collect(dir: &Path, all: &mut BTreeMap<String, (u32, String)>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let meta = fs::symlink_metadata(&path).unwrap();
        let text = match meta.file_type() {
            _ if [".s6-svscan", "supervise", "event"].contains(&name.as_str()) => continue,
            kind if kind.is_dir() => String::new(),
            kind if kind.is_symlink() => fs::read_link(&path).unwrap().display().to_string(),
            _ => fs::read_to_string(&path).unwrap(),
        };
        all.insert(
            path.display().to_string(),
            (meta.permissions().mode(), text),
        );
        if meta.is_dir() {
            collect(&path, all);
        }
    }
}
