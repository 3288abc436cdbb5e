//! The steps of each action, with their rollback.
//!
//! A stopped agent remains loaded: it exits with 0 after SIGTERM, and launchd only
//! restarts it after failures. Stop and start therefore need no `bootout` and
//! `bootstrap`, which race with each other. Only an agent that does not stop that
//! way is unloaded: one that hangs, is terminated by a signal, or is about to be
//! restarted.

use crate::calls::{AgentCalls, UNLOAD_TIMEOUT_MS};
use crate::{domain, property_list};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, Artifact, ExecSpec, Plan, RenderRequest, ServiceStatus, Step, StepAction,
    StepRole,
};

/// launchd rejects property lists that others cannot read; they contain no secrets.
const PLIST_MODE: u32 = 0o644;

struct PlanBuilder<'a> {
    request: &'a RenderRequest,
    calls: AgentCalls,
    status: ServiceStatus,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let system = &request.system;
    let label = domain::label(&request.spec.family, &request.spec.name);
    let artifact = Artifact {
        mode: PLIST_MODE,
        content: property_list::render(&request.spec, system, &label)?,
        path: domain::plist_path(system, &label),
    };
    let builder = PlanBuilder {
        request,
        calls: AgentCalls::new(request, &label),
        status: request.status.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => builder.install(&artifact),
        Action::Start => builder.start(),
        Action::Stop => builder.stop(),
        Action::Restart => [builder.stop(), builder.enable_and_start()].concat(),
        Action::Uninstall => builder.uninstall(&artifact),
    };
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}

fn run(id: &str, description: &str, exec: ExecSpec) -> Step {
    Step::new(id, description, StepAction::Run(exec))
}

impl PlanBuilder<'_> {
    fn loaded(&self) -> bool {
        self.status.loaded == Some(true)
    }

    /// Whether a rollback must start the agent again.
    fn was_running(&self) -> bool {
        matches!(
            self.status.active_state,
            ActiveState::Active | ActiveState::Activating | ActiveState::Restarting
        )
    }

    fn install(&self, artifact: &Artifact) -> Vec<Step> {
        let write = StepAction::Write(artifact.path.clone());
        let mut write = Step::new("write", "write the property list", write);
        if self.request.options.start && self.loaded() && self.was_running() {
            // A loaded agent uses its previous list until it is loaded again.
            write = self.undo_by_start(write);
        }
        let verify = self.calls.verify();
        let mut enable = self.enable();
        if self.status.enabled == Some(false) {
            enable = enable.undo(self.calls.disable());
        }
        let mut steps = vec![
            write,
            run("verify", "verify the property list", verify),
            enable,
        ];
        let running =
            self.was_running() && self.status.pid.is_some() && !self.request.options.files_changed;
        if !self.request.options.start || running {
            return steps;
        }
        if self.loaded() {
            steps.extend(self.terminate());
            let [unload, wait] = self.unload();
            steps.extend([self.undo_by_unload(unload), wait]);
        }
        let [load, start] = self.load();
        steps.extend([self.undo_by_unload(load), start]);
        steps
    }

    /// An agent remains disabled after its removal, so it is enabled before every
    /// load.
    fn enable(&self) -> Step {
        run("enable", "enable the agent", self.calls.enable())
    }

    /// Loading an agent starts it, but not on every Mac, so it is also started
    /// explicitly.
    fn load(&self) -> [Step; 2] {
        let load = self.calls.bootstrap(UNLOAD_TIMEOUT_MS);
        let start = self.calls.kickstart();
        [
            run("bootstrap", "load the agent", load).role(StepRole::Start),
            run("kickstart", "start the agent", start).role(StepRole::Start),
        ]
    }

    fn unload(&self) -> [Step; 2] {
        [
            run("bootout", "unload the agent", self.calls.bootout()),
            run(
                "unloaded",
                "wait until the agent is unloaded",
                self.calls.await_unloaded(),
            ),
        ]
    }

    /// Adds a rollback after which the agent is not loaded.
    fn undo_by_unload(&self, step: Step) -> Step {
        step.undo(self.calls.bootout())
            .undo(self.calls.await_unloaded())
    }

    /// Adds a rollback after which the agent is loaded and running.
    fn undo_by_start(&self, step: Step) -> Step {
        step.undo(self.calls.bootstrap(self.calls.unload_timeout_ms()))
            .undo(self.calls.kickstart())
    }

    fn enable_and_start(&self) -> Vec<Step> {
        let [load, start] = self.load();
        vec![self.enable(), load, start]
    }

    fn start(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.status.active_state == ActiveState::Deactivating {
            // The agent can only be loaded after the previous one was unloaded.
            let [_, wait] = self.unload();
            steps.push(wait);
        }
        steps.extend(self.enable_and_start());
        steps
    }

    /// Sends SIGTERM and waits for the exit. An agent that is already stopping gets no
    /// second signal, which would abort its requests in flight.
    fn terminate(&self) -> Vec<Step> {
        let stopping = self.status.active_state == ActiveState::Deactivating;
        let Some(pid) = self.status.pid.filter(|_| !stopping) else {
            return Vec::new();
        };
        let stop = run("stop", "send SIGTERM to the agent", self.calls.terminate());
        let exit = run(
            "exited",
            "wait until the agent has exited",
            self.calls.await_exit(pid),
        );
        // Starting an agent that is still about to exit changes nothing, so the
        // rollback waits for the exit first.
        let stop = stop
            .undo(self.calls.await_exit(pid))
            .undo(self.calls.kickstart_if_loaded());
        vec![
            stop,
            exit.warn_on_failure("the agent did not exit after SIGTERM, so launchd killed it"),
        ]
    }

    fn stop(&self) -> Vec<Step> {
        if self.status.loaded == Some(false) || self.status.active_state == ActiveState::Inactive {
            return Vec::new();
        }
        let [unload, wait] = self.unload();
        if self.status.active_state == ActiveState::Deactivating {
            return vec![wait];
        }
        let mut steps = self.terminate();
        if steps.is_empty() {
            // There is no process: launchd is about to restart it.
            return vec![unload, wait];
        }
        steps.extend([self.unless_stopped(unload), self.unless_stopped(wait)]);
        steps
    }

    /// Skips the step if the agent is stopped and launchd does not restart it.
    fn unless_stopped(&self, mut step: Step) -> Step {
        if let StepAction::Run(run) = step.action {
            step.action = StepAction::Run(run.unless(self.calls.is_stopped()));
        }
        step
    }

    fn uninstall(&self, artifact: &Artifact) -> Vec<Step> {
        let mut steps = self.terminate();
        let [mut unload, wait] = self.unload();
        if self.loaded() && self.was_running() {
            unload = self.undo_by_start(self.undo_by_unload(unload));
        }
        let remove = StepAction::Remove(artifact.path.clone());
        steps.extend([
            unload,
            wait,
            Step::new("remove", "remove the property list", remove),
        ]);
        steps
    }
}
