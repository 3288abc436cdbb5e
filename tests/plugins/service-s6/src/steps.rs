//! The steps of each action, with their rollback.

use crate::files;
use crate::paths::{CALL_TIMEOUT_MS, Paths, call, text};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, Artifact, ExecSpec, Plan, RenderRequest, ServiceStatus, Step, StepAction,
    StepRole,
};
use std::path::PathBuf;

/// Added to the timeouts that s6 itself applies, in milliseconds, so that s6 reports
/// them.
const MARGIN_MS: u64 = 10_000;
/// The exit code of `s6-svc -wu` if a running finish script parks the service.
const PARKED: i32 = 1;

struct PlanBuilder<'a> {
    request: &'a RenderRequest,
    paths: Paths,
    status: ServiceStatus,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let (spec, system) = (&request.spec, &request.system);
    let paths = Paths::new(system, &spec.family, &spec.name);
    let artifacts = files::render(spec, system, &paths)?;
    let builder = PlanBuilder {
        request,
        paths,
        status: request.status.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => builder.install(&artifacts),
        Action::Start => builder.start(),
        Action::Stop => builder.stop().into_iter().collect(),
        Action::Restart => builder.stop().into_iter().chain(builder.start()).collect(),
        Action::Uninstall => builder.uninstall(&artifacts),
    };
    Ok(Plan {
        artifacts,
        steps,
        warnings: Vec::new(),
    })
}

fn step(id: &str, description: &str, exec: ExecSpec) -> Step {
    Step::new(id, description, StepAction::Run(exec))
}

fn file_steps(id: &str, artifacts: &[Artifact], action: fn(PathBuf) -> StepAction) -> Vec<Step> {
    let paths = artifacts.iter().map(|artifact| artifact.path.clone());
    paths
        .map(|path| Step::new(id, format!("{id} {}", path.display()), action(path)))
        .collect()
}

impl PlanBuilder<'_> {
    fn was_running(&self) -> bool {
        use ActiveState::{Activating, Active, Restarting};
        matches!(self.status.active_state, Active | Activating | Restarting)
    }

    fn loaded(&self) -> bool {
        self.status.loaded == Some(true)
    }

    fn install(&self, artifacts: &[Artifact]) -> Vec<Step> {
        let mut steps = self.write(artifacts);
        if self.status.enabled != Some(true) || !self.loaded() {
            let mut link = self.link();
            if self.status.installed == Some(false) {
                link = link.undo(self.unlink()).undo(self.await_unsupervised());
            }
            steps.push(link);
            let down = text(&self.paths.file("down"));
            let enable = call(&["rm", "-f", &down], CALL_TIMEOUT_MS);
            steps.push(step("enable", "enable the service", enable));
        }
        let options = &self.request.options;
        if options.start && self.was_running() && !options.files_changed {
            steps.push(self.up());
        } else if options.start {
            steps.extend(self.stop().filter(|_| self.was_running()));
            steps.extend([self.clear(), self.up().undo(self.stop_call())]);
        }
        steps
    }

    /// The rollback of the first step runs last: when all files are restored, it
    /// starts a service that was running, or removes the directory.
    fn write(&self, artifacts: &[Artifact]) -> Vec<Step> {
        let mut steps = file_steps("write", artifacts, StepAction::Write);
        if let Some(first) = steps.first_mut() {
            if self.was_running() && self.request.options.start {
                first.undo.push(self.svc(&["-u"], CALL_TIMEOUT_MS));
            }
            if self.status.installed == Some(false) && !self.loaded() {
                first.undo.extend(self.remove_state());
            }
        }
        steps
    }

    fn start(&self) -> Vec<Step> {
        let link = (!self.loaded()).then(|| self.link());
        link.into_iter().chain([self.clear(), self.up()]).collect()
    }

    fn stop(&self) -> Option<Step> {
        let loaded = self.status.loaded != Some(false);
        loaded.then(|| step("stop", "stop the service", self.stop_call()))
    }

    fn uninstall(&self, artifacts: &[Artifact]) -> Vec<Step> {
        let stop = self.stop().map(|stop| match self.was_running() {
            true => stop.undo(self.svc(&["-u"], CALL_TIMEOUT_MS)),
            false => stop,
        });
        let mut unlink = step("unlink", "remove the service from s6", self.unlink());
        if self.loaded() {
            unlink = unlink.undo(self.link_call());
        }
        let mut steps: Vec<Step> = stop.into_iter().chain([unlink]).collect();
        let wait = self.await_unsupervised();
        steps.push(step("unsupervised", "wait until s6 has released it", wait));
        steps.extend(file_steps("remove", artifacts, StepAction::Remove));
        let [state, directories] = self.remove_state();
        steps.push(step("state", "remove the state of s6", state));
        steps.push(step("directory", "remove the empty directory", directories));
        steps
    }

    fn link(&self) -> Step {
        step("link", "add the service to s6", self.link_call())
    }

    /// Earlier exits would count as restarts.
    fn clear(&self) -> Step {
        let clear = call(&["s6-svdt-clear", &text(&self.paths.dir)], CALL_TIMEOUT_MS);
        step("clear", "clear the recorded exits", clear)
    }

    /// s6 supervises the service without starting it; no effect if it already does.
    fn link_call(&self) -> ExecSpec {
        let (scan, dir) = (text(&self.paths.scan), text(&self.paths.dir));
        let timeout = CALL_TIMEOUT_MS.to_string();
        let argv = ["s6-svlink", "-d", "-t", &timeout, &scan, &dir];
        call(&argv, CALL_TIMEOUT_MS + MARGIN_MS)
    }

    /// Exits with 0 if there is nothing to do, and also after a timeout.
    fn unlink(&self) -> ExecSpec {
        let (scan, timeout) = (text(&self.paths.scan), self.stop_timeout_ms());
        let argv = [
            "s6-svunlink",
            "-t",
            &timeout.to_string(),
            &scan,
            &self.paths.name,
        ];
        call(&argv, timeout + MARGIN_MS)
    }

    fn await_unsupervised(&self) -> ExecSpec {
        call(&["s6-svok", &text(&self.paths.dir)], CALL_TIMEOUT_MS)
            .success_exit_codes(&[1])
            .retry(&[0], 50, CALL_TIMEOUT_MS)
    }

    /// Starts the service and waits for its process, not for its readiness.
    fn up(&self) -> Step {
        let timeout = CALL_TIMEOUT_MS.to_string();
        let up = self
            .svc(&["-wu", "-T", &timeout, "-u"], CALL_TIMEOUT_MS + MARGIN_MS)
            .retry(&[PARKED], 100, CALL_TIMEOUT_MS);
        step("start", "start the service", up).role(StepRole::Start)
    }

    /// Stops the service and waits for its finish script.
    fn stop_call(&self) -> ExecSpec {
        let timeout = self.stop_timeout_ms();
        let options = ["-wD", "-T", &timeout.to_string(), "-d"];
        self.svc(&options, timeout + MARGIN_MS)
    }

    fn stop_timeout_ms(&self) -> u64 {
        u64::from(self.request.spec.stop_timeout_s) * 1_000 + MARGIN_MS
    }

    fn svc(&self, options: &[&str], timeout_ms: u64) -> ExecSpec {
        let dir = text(&self.paths.dir);
        let argv: Vec<&str> = [&["s6-svc"], options, &[&dir]].concat();
        call(&argv, timeout_ms)
    }

    /// Removes the files of s6 and the empty directories; exit code 1: the user has
    /// files there.
    fn remove_state(&self) -> [ExecSpec; 2] {
        let file = |name: &str| text(&self.paths.file(name));
        let (state, event, down) = (file("supervise"), file("event"), file("down"));
        let remove = call(&["rm", "-rf", &state, &event, &down], CALL_TIMEOUT_MS);
        let (data, dir) = (file("data"), text(&self.paths.dir));
        let directories = call(&["rmdir", &data, &dir], CALL_TIMEOUT_MS);
        [remove, directories.success_exit_codes(&[0, 1])]
    }
}
