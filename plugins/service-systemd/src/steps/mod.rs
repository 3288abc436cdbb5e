//! What to do for each action, in order, each step with its way back.

use crate::detect::loginctl;
use crate::manager::{self, QUICK_MS, systemctl};
use crate::unit;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, Artifact, ExecSpec, Plan, RenderRequest, ServiceStatus, Step, StepAction,
    StepRole,
};

/// On top of the unit's own limit, milliseconds: the manager ends the wait
/// itself, and its answer says more than ours would.
const MARGIN_MS: u64 = 15_000;
/// A unit is readable by others like every file under `~/.config/systemd`; it
/// holds no secret.
const UNIT_MODE: u32 = 0o644;

struct Job<'a> {
    request: &'a RenderRequest,
    unit: String,
    was: ServiceStatus,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let unit = manager::unit_name(&request.spec.family, &request.spec.name);
    let artifact = Artifact {
        path: manager::unit_path(&request.system, &unit),
        mode: UNIT_MODE,
        content: unit::render(&request.spec, &request.system, &unit)?,
    };
    let job = Job {
        request,
        unit,
        was: request.status.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => job.install(&artifact),
        Action::Start => vec![job.reset(), job.start()],
        Action::Stop => vec![job.stop(), job.reset()],
        Action::Restart => vec![job.reset(), job.restart()],
        Action::Uninstall => job.uninstall(&artifact),
    };
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}

impl Job<'_> {
    fn was_running(&self) -> bool {
        use ActiveState::{Activating, Active, Restarting};
        matches!(self.was.active_state, Active | Activating | Restarting)
    }

    fn call(&self, words: &[&str]) -> ExecSpec {
        systemctl(&self.request.system, words, QUICK_MS)
    }

    fn install(&self, artifact: &Artifact) -> Vec<Step> {
        let mut steps = vec![self.write(artifact), self.verify(artifact)];
        steps.push(self.reload_manager());
        let mut enable = Step::new(
            "enable",
            "make it start by itself",
            StepAction::Run(self.call(&["enable", &self.unit])),
        );
        if self.was.enabled != Some(true) {
            enable = enable.undo(
                self.call(&["disable", &self.unit])
                    .success_exit_codes(&[0, 1]),
            );
        }
        if self.request.options.enable {
            steps.push(enable);
        }
        steps.extend(self.linger());
        if self.request.options.start {
            steps.push(self.reset());
            let runs = self.was_running();
            steps.push(match (runs, self.request.options.files_changed) {
                (true, true) => self.restart().undo(self.stopping()).undo(self.forgetting()),
                (true, false) => self.start(),
                (false, _) => self.start().undo(self.stopping()).undo(self.forgetting()),
            });
        }
        steps
    }

    /// Once the earlier file is back the manager must read it, and what ran
    /// before must run again.
    fn write(&self, artifact: &Artifact) -> Step {
        let write = Step::new(
            "write",
            "write the unit",
            StepAction::Write(artifact.path.clone()),
        )
        .undo(self.call(&["daemon-reload"]));
        if self.was_running() && self.request.options.start {
            write.undo(self.call(&["start", "--no-block", &self.unit]))
        } else {
            write
        }
    }

    /// It ends with 0 for unknown settings, so what it says decides.
    fn verify(&self, artifact: &Artifact) -> Step {
        let path = artifact.path.display().to_string();
        let argv = ["systemd-analyze", "--user", "--man=no", "verify", &path];
        let mut run = ExecSpec::new(&argv, manager::environment(&self.request.system), QUICK_MS)
            .success_exit_codes(&[0, 1]);
        // The person's own drop-ins, in a folder named after the unit, are not
        // what is checked.
        run.stderr_excludes = Some(format!("{}:", self.unit));
        run.skip_if_missing = true;
        Step::new("verify", "check the unit", StepAction::Run(run))
    }

    fn reload_manager(&self) -> Step {
        let run = self.call(&["daemon-reload"]);
        Step::new(
            "daemon-reload",
            "make the user manager read its units",
            StepAction::Run(run),
        )
    }

    fn linger(&self) -> Option<Step> {
        let system = &self.request.system;
        if !self.request.options.start_at_boot
            || self.was.linger == Some(true)
            || system.user.is_empty()
        {
            return None;
        }
        let step = Step::new(
            "linger",
            "make services start at boot and outlive the session",
            StepAction::Run(loginctl(system, "enable-linger")),
        )
        .role(StepRole::BootStart)
        .warn_on_failure(format!(
            "the gateway ends at logout and does not start at boot; `sudo loginctl enable-linger {}` cures it",
            system.user
        ));
        Some(if self.was.linger == Some(false) {
            step.undo(loginctl(system, "disable-linger"))
        } else {
            step
        })
    }

    /// A failed unit keeps its failure until it is forgotten; a unit that is
    /// not loaded has none, which is code 1 or 5.
    fn forgetting(&self) -> ExecSpec {
        self.call(&["reset-failed", &self.unit])
            .success_exit_codes(&[0, 1, 5])
    }

    fn reset(&self) -> Step {
        Step::new(
            "reset-failed",
            "forget earlier failures",
            StepAction::Run(self.forgetting()),
        )
    }

    fn start(&self) -> Step {
        let run = self.patient(&["start", &self.unit], self.request.spec.start_timeout_s);
        Step::new(
            "start",
            "start it and wait until it is ready",
            StepAction::Run(run),
        )
        .role(StepRole::Start)
    }

    fn restart(&self) -> Step {
        let spec = &self.request.spec;
        let both = spec.start_timeout_s.saturating_add(spec.stop_timeout_s);
        let run = self.patient(&["restart", &self.unit], both);
        Step::new(
            "restart",
            "restart it and wait until it is ready",
            StepAction::Run(run),
        )
        .role(StepRole::Start)
    }

    /// Code 5: the unit is not loaded, so there is nothing to stop.
    fn stopping(&self) -> ExecSpec {
        self.patient(&["stop", &self.unit], self.request.spec.stop_timeout_s)
            .success_exit_codes(&[0, 5])
    }

    fn stop(&self) -> Step {
        Step::new(
            "stop",
            "stop it and wait until it is gone",
            StepAction::Run(self.stopping()),
        )
    }

    fn patient(&self, words: &[&str], seconds: u32) -> ExecSpec {
        let limit = u64::from(seconds) * 1_000 + MARGIN_MS;
        systemctl(&self.request.system, words, limit)
    }

    /// Stopped before it is removed: a running unit without a file is an
    /// orphan.
    fn uninstall(&self, artifact: &Artifact) -> Vec<Step> {
        let mut stop = self.stop();
        if self.was_running() {
            stop = stop.undo(self.call(&["start", "--no-block", &self.unit]));
        }
        let gone = self
            .call(&["disable", &self.unit])
            .success_exit_codes(&[0, 1]);
        let mut disable = Step::new(
            "disable",
            "keep it from starting by itself",
            StepAction::Run(gone),
        );
        if self.was.enabled == Some(true) {
            disable = disable.undo(self.call(&["enable", &self.unit]));
        }
        let remove = Step::new(
            "remove",
            "remove the unit",
            StepAction::Remove(artifact.path.clone()),
        )
        .undo(self.call(&["daemon-reload"]));
        let mut steps = vec![stop, disable, remove, self.reload_manager(), self.reset()];
        if self.request.options.disable_boot_start && !self.request.system.user.is_empty() {
            let off = StepAction::Run(loginctl(&self.request.system, "disable-linger"));
            steps.push(
                Step::new("linger-off", "let services end with the session again", off)
                    .warn_on_failure("lingering could not be switched off"),
            );
        }
        steps
    }
}

#[cfg(test)]
mod tests;
