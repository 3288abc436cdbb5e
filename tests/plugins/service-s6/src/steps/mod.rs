//! What to do for each action, in order, each step with its way back.

use crate::link::{DOWN, LINKED};
use crate::place::Place;
use crate::programs::Programs;
use crate::script;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, Artifact, ExecSpec, ServiceStatus, Plan, RenderRequest, Step, StepAction, StepRole,
};

struct Job<'a> {
    request: &'a RenderRequest,
    place: &'a Place,
    s6: Programs<'a>,
    was: ServiceStatus,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let (spec, system) = (&request.spec, &request.system);
    let place = Place::new(system, &spec.family, &spec.name);
    let artifacts = script::files(spec, system, &place)?;
    let job = Job {
        request,
        place: &place,
        s6: Programs {
            place: &place,
            stop_timeout_s: spec.stop_timeout_s,
        },
        was: request.observed.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => job.install(&artifacts),
        Action::Start => job.start(),
        Action::Stop => job.stop().into_iter().collect(),
        Action::Restart => job.stop().into_iter().chain(job.start()).collect(),
        Action::Uninstall => job.uninstall(&artifacts),
    };
    Ok(Plan {
        artifacts,
        steps,
        warnings: Vec::new(),
    })
}

fn step(id: &str, what: &str, run: ExecSpec) -> Step {
    Step::new(id, what, StepAction::Run(run))
}

impl Job<'_> {
    fn was_running(&self) -> bool {
        use ActiveState::{Activating, Active, Restarting};
        matches!(self.was.active, Active | Activating | Restarting)
    }

    fn watched(&self) -> bool {
        self.was.loaded == Some(true)
    }

    fn found(&self, mark: &str) -> bool {
        self.was.raw.get(mark).is_some_and(|word| word == "true")
    }

    fn install(&self, artifacts: &[Artifact]) -> Vec<Step> {
        let mut steps = self.write(artifacts);
        steps.extend(self.link());
        steps.extend(self.enable());
        let options = &self.request.options;
        if !options.start {
            return steps;
        }
        if self.was_running() && !options.changed {
            steps.push(step("start", "start it", self.s6.up()).role(StepRole::Start));
            return steps;
        }
        if self.was_running() {
            steps.extend(self.stop());
        }
        steps.push(self.forget());
        steps.push(
            step("start", "start it", self.s6.up())
                .role(StepRole::Start)
                .undo(self.s6.down()),
        );
        steps
    }

    fn named(&self, artifact: &Artifact) -> String {
        let path = &artifact.path;
        let name = path.strip_prefix(&self.place.dir).unwrap_or(path);
        format!("`{}` of the service", name.display())
    }

    /// The first step's way back is the last of all: once every file is as it
    /// was, what ran runs again, and of what was not there nothing is left.
    fn write(&self, artifacts: &[Artifact]) -> Vec<Step> {
        let write = |artifact: &Artifact| {
            let what = format!("write {}", self.named(artifact));
            Step::new("write", what, StepAction::Write(artifact.path.clone()))
        };
        let mut steps: Vec<Step> = artifacts.iter().map(write).collect();
        if let Some(first) = steps.first_mut() {
            if self.was_running() && self.request.options.start {
                first.undo.push(self.s6.up_soon());
            }
            if self.was.installed == Some(false) && !self.watched() {
                first.undo.extend(self.s6.tidy());
            }
        }
        steps
    }

    fn link(&self) -> Option<Step> {
        let (watched, linked) = (self.watched(), self.found(LINKED));
        let link = step("link", "make s6 watch it", self.s6.link());
        match (watched, linked) {
            (true, true) => None,
            (true, false) => Some(link.undo(self.s6.remove_entry())),
            // Nobody has looked, or s6-svscan was started without the service.
            (false, _) if linked || self.was.loaded.is_none() => Some(link),
            (false, _) => Some(link.undo(self.s6.unlink()).undo(self.s6.unwatched())),
        }
    }

    fn enable(&self) -> Option<Step> {
        let enable = step("enable", "make it start by itself", self.s6.enable());
        let down = self.found(DOWN);
        down.then(|| enable.undo(self.s6.disable()))
    }

    fn stop(&self) -> Option<Step> {
        let stop = step("stop", "stop it and wait until it is gone", self.s6.down());
        (self.was.loaded != Some(false)).then_some(stop)
    }

    fn forget(&self) -> Step {
        step("forget", "forget earlier failures", self.s6.forget())
    }

    /// After a permanent failure s6 starts it as if nothing had been.
    fn start(&self) -> Vec<Step> {
        let link = step("link", "make s6 watch it", self.s6.link());
        let up = step("start", "start it", self.s6.up()).role(StepRole::Start);
        let link = (!self.watched()).then_some(link);
        link.into_iter().chain([self.forget(), up]).collect()
    }

    fn uninstall(&self, artifacts: &[Artifact]) -> Vec<Step> {
        let stop = self.stop().map(|stop| match self.was_running() {
            true => stop.undo(self.s6.up_soon()),
            false => stop,
        });
        let mut steps: Vec<Step> = stop.into_iter().collect();
        let unlink = step("unlink", "make s6 forget it", self.s6.unlink());
        steps.push(match self.watched() && self.found(LINKED) {
            true => unlink.undo(self.s6.link()),
            false => unlink,
        });
        let what = "wait until s6 has let go of it";
        steps.push(step("unwatched", what, self.s6.unwatched()));
        steps.extend(artifacts.iter().map(|artifact| {
            let what = format!("remove {}", self.named(artifact));
            Step::new("remove", what, StepAction::Remove(artifact.path.clone()))
        }));
        let [state, folders] = self.s6.tidy();
        steps.push(step("state", "remove what s6 kept", state));
        steps.push(step("folder", "remove the empty folder", folders));
        steps
    }
}

#[cfg(test)]
mod tests;
