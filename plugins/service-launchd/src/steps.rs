//! What to do for each action, in order, each step with its way back.
//!
//! A stopped agent stays loaded: it ends with 0 after SIGTERM, and is kept
//! alive only after failures. So stopping and starting need no `bootout` and
//! `bootstrap`, whose race leaves agents of other products down. Only what does
//! not stop like that is unloaded: what hangs, what a signal ends, and what
//! launchd is about to start again.

use crate::agent::{Agent, DRAIN_MS};
use crate::{domain, job};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, Artifact, ExecSpec, Plan, RenderRequest, ServiceStatus, Step, StepAction,
    StepRole,
};

/// launchd refuses agents that others cannot read; the list holds no secret.
const PLIST_MODE: u32 = 0o644;

struct Job<'a> {
    request: &'a RenderRequest,
    agent: Agent,
    was: ServiceStatus,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let system = &request.system;
    let label = domain::label(&request.spec.family, &request.spec.name);
    let artifact = Artifact {
        mode: PLIST_MODE,
        content: job::render(&request.spec, system, &label)?,
        path: domain::plist_path(system, &label),
    };
    let job = Job {
        request,
        agent: Agent::new(request, &label),
        was: request.status.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => job.install(&artifact),
        Action::Start => job.start(),
        Action::Stop => job.stop(),
        Action::Restart => [job.stop(), job.up()].concat(),
        Action::Uninstall => job.uninstall(&artifact),
    };
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}

fn run(id: &str, what: &str, run: ExecSpec) -> Step {
    Step::new(id, what, StepAction::Run(run))
}

impl Job<'_> {
    fn loaded(&self) -> bool {
        self.was.loaded == Some(true)
    }

    /// It ran, or was about to; so after a failure it runs again.
    fn was_up(&self) -> bool {
        matches!(
            self.was.active_state,
            ActiveState::Active | ActiveState::Activating | ActiveState::Restarting
        )
    }

    fn install(&self, artifact: &Artifact) -> Vec<Step> {
        let write = StepAction::Write(artifact.path.clone());
        let mut write = Step::new("write", "write the agent", write);
        if self.request.options.start && self.loaded() && self.was_up() {
            // A loaded agent keeps its earlier list until it is loaded anew.
            write = self.with_way_back(write);
        }
        let verify = self.agent.verify();
        let mut enable = self.enable();
        if self.was.enabled == Some(false) {
            enable = enable.undo(self.agent.disable());
        }
        let mut steps = vec![
            write,
            run("verify", "check the property list", verify),
            enable,
        ];
        let runs = self.was_up() && self.was.pid.is_some() && !self.request.options.files_changed;
        if !self.request.options.start || runs {
            return steps;
        }
        if self.loaded() {
            steps.extend(self.ask());
            let [out, gone] = self.unload();
            steps.extend([self.certainly_unloaded(out), gone]);
        }
        let [load, kick] = self.load();
        steps.extend([self.certainly_unloaded(load), kick]);
        steps
    }

    /// That an agent was disabled outlives its removal, so it is enabled
    /// before every load.
    fn enable(&self) -> Step {
        run("enable", "make it start by itself", self.agent.enable())
    }

    /// Loading starts it, but was seen not to; so it is told to start too.
    fn load(&self) -> [Step; 2] {
        let load = self.agent.bootstrap(DRAIN_MS);
        let kick = self.agent.kickstart();
        [
            run("bootstrap", "load the agent", load).role(StepRole::Start),
            run("kickstart", "start it", kick).role(StepRole::Start),
        ]
    }

    fn unload(&self) -> [Step; 2] {
        [
            run("bootout", "unload the agent", self.agent.bootout()),
            run(
                "unloaded",
                "wait until it is unloaded",
                self.agent.unloaded(),
            ),
        ]
    }

    /// The same; taken back, whatever became of it, nothing is loaded.
    fn certainly_unloaded(&self, step: Step) -> Step {
        step.undo(self.agent.bootout()).undo(self.agent.unloaded())
    }

    /// The same; taken back, the agent of the file is loaded and runs.
    fn with_way_back(&self, step: Step) -> Step {
        step.undo(self.agent.bootstrap(self.agent.leaving_ms()))
            .undo(self.agent.kickstart())
    }

    fn up(&self) -> Vec<Step> {
        let [load, kick] = self.load();
        vec![self.enable(), load, kick]
    }

    fn start(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.was.active_state == ActiveState::Deactivating {
            // It can be loaded once the earlier one has left.
            let [_, gone] = self.unload();
            steps.push(gone);
        }
        steps.extend(self.up());
        steps
    }

    /// Asks the process to end, and waits for it. What is on its way out has
    /// been asked: a second time would be an order to drop what it is doing.
    fn ask(&self) -> Vec<Step> {
        let leaving = self.was.active_state == ActiveState::Deactivating;
        let Some(pid) = self.was.pid.filter(|_| !leaving) else {
            return Vec::new();
        };
        let ask = run("stop", "ask it to end", self.agent.terminate());
        let gone = run("gone", "wait until it has ended", self.agent.ended(pid));
        vec![
            ask.undo(self.agent.kickstart_if_loaded()),
            gone.warn_on_failure(
                "it did not end when it was asked to, so launchd was told to end it",
            ),
        ]
    }

    fn stop(&self) -> Vec<Step> {
        if self.was.loaded == Some(false) || self.was.active_state == ActiveState::Inactive {
            return Vec::new();
        }
        let [out, gone] = self.unload();
        if self.was.active_state == ActiveState::Deactivating {
            return vec![gone];
        }
        let mut steps = self.ask();
        if steps.is_empty() {
            // Nothing to ask: launchd is about to start it.
            return vec![out, gone];
        }
        steps.extend([self.unless_down(out), self.unless_down(gone)]);
        steps
    }

    /// The same, left out when the agent ended as one that stays down.
    fn unless_down(&self, mut step: Step) -> Step {
        if let StepAction::Run(run) = step.action {
            step.action = StepAction::Run(run.unless(self.agent.is_down()));
        }
        step
    }

    fn uninstall(&self, artifact: &Artifact) -> Vec<Step> {
        let mut steps = self.ask();
        let [mut out, gone] = self.unload();
        if self.loaded() && self.was_up() {
            out = self.with_way_back(self.certainly_unloaded(out));
        }
        let remove = StepAction::Remove(artifact.path.clone());
        steps.extend([out, gone, Step::new("remove", "remove the agent", remove)]);
        steps
    }
}
