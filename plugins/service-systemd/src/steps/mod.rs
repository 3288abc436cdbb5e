//! The steps of each action, with their rollback.

use crate::detect::loginctl;
use crate::manager::{self, CALL_TIMEOUT_MS, systemctl};
use crate::unit;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, Artifact, ExecSpec, Plan, RenderRequest, ServiceStatus, Step, StepAction,
    StepRole,
};

/// Added to the timeout of the unit, in milliseconds, so that the manager reports
/// the timeout, with a better message.
const TIMEOUT_MARGIN_MS: u64 = 15_000;
/// Readable by others like every unit file; it contains no secrets.
const UNIT_MODE: u32 = 0o644;

struct PlanBuilder<'a> {
    request: &'a RenderRequest,
    unit: String,
    status: ServiceStatus,
}

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let unit = manager::unit_name(&request.spec.family, &request.spec.name);
    let artifact = Artifact {
        path: manager::unit_path(&request.system, &unit),
        mode: UNIT_MODE,
        content: unit::render(&request.spec, &request.system, &unit)?,
    };
    let builder = PlanBuilder {
        request,
        unit,
        status: request.status.clone().unwrap_or_default(),
    };
    let steps = match request.action {
        Action::Install => builder.install(&artifact),
        Action::Start => vec![builder.reset_failed(), builder.start()],
        Action::Stop => vec![builder.stop(), builder.reset_failed()],
        Action::Restart => vec![builder.reset_failed(), builder.restart()],
        Action::Uninstall => builder.uninstall(&artifact),
    };
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}

impl PlanBuilder<'_> {
    fn was_running(&self) -> bool {
        use ActiveState::{Activating, Active, Restarting};
        matches!(self.status.active_state, Active | Activating | Restarting)
    }

    fn call(&self, args: &[&str]) -> ExecSpec {
        systemctl(&self.request.system, args, CALL_TIMEOUT_MS)
    }

    fn install(&self, artifact: &Artifact) -> Vec<Step> {
        let mut steps = vec![self.write(artifact), self.verify(artifact)];
        steps.push(self.reload_manager());
        let mut enable = Step::new(
            "enable",
            "enable the unit",
            StepAction::Run(self.call(&["enable", &self.unit])),
        );
        if self.status.enabled != Some(true) {
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
            steps.push(self.reset_failed());
            let runs = self.was_running();
            steps.push(match (runs, self.request.options.files_changed) {
                (true, true) => self
                    .restart()
                    .undo(self.stop_call())
                    .undo(self.reset_failed_call()),
                (true, false) => self.start(),
                (false, _) => self
                    .start()
                    .undo(self.stop_call())
                    .undo(self.reset_failed_call()),
            });
        }
        steps
    }

    /// After a rollback the manager must load the previous file, and start the
    /// service if it was running.
    fn write(&self, artifact: &Artifact) -> Step {
        let write = Step::new(
            "write",
            "write the unit file",
            StepAction::Write(artifact.path.clone()),
        )
        .undo(self.call(&["daemon-reload"]));
        if self.was_running() && self.request.options.start {
            write.undo(self.call(&["start", "--no-block", &self.unit]))
        } else {
            write
        }
    }

    /// `systemd-analyze` exits with 0 for unknown settings, so its output is
    /// checked.
    fn verify(&self, artifact: &Artifact) -> Step {
        let path = artifact.path.display().to_string();
        let argv = ["systemd-analyze", "--user", "--man=no", "verify", &path];
        let mut run = ExecSpec::new(
            &argv,
            manager::environment(&self.request.system),
            CALL_TIMEOUT_MS,
        )
        .success_exit_codes(&[0, 1]);
        // Only messages about the unit itself, not about the user's drop-ins.
        run.stderr_excludes = Some(format!("{}:", self.unit));
        run.skip_if_missing = true;
        Step::new("verify", "verify the unit", StepAction::Run(run))
    }

    fn reload_manager(&self) -> Step {
        let run = self.call(&["daemon-reload"]);
        Step::new(
            "daemon-reload",
            "reload the user manager",
            StepAction::Run(run),
        )
    }

    fn linger(&self) -> Option<Step> {
        let system = &self.request.system;
        if !self.request.options.start_at_boot
            || self.status.linger == Some(true)
            || system.user.is_empty()
        {
            return None;
        }
        let step = Step::new(
            "linger",
            "enable lingering: services start at boot and continue after logout",
            StepAction::Run(loginctl(system, "enable-linger")),
        )
        .role(StepRole::BootStart)
        .warn_on_failure(format!(
            "the gateway stops at logout and does not start at boot; to change this, run `sudo loginctl enable-linger {}`",
            system.user
        ));
        Some(if self.status.linger == Some(false) {
            step.undo(loginctl(system, "disable-linger"))
        } else {
            step
        })
    }

    /// Exit codes 1 and 5: the unit is not loaded, so it has no failed state.
    fn reset_failed_call(&self) -> ExecSpec {
        self.call(&["reset-failed", &self.unit])
            .success_exit_codes(&[0, 1, 5])
    }

    fn reset_failed(&self) -> Step {
        Step::new(
            "reset-failed",
            "reset the failed state of the unit",
            StepAction::Run(self.reset_failed_call()),
        )
    }

    fn start(&self) -> Step {
        let run = self.waiting_call(&["start", &self.unit], self.request.spec.start_timeout_s);
        Step::new(
            "start",
            "start the unit and wait until it is ready",
            StepAction::Run(run),
        )
        .role(StepRole::Start)
    }

    fn restart(&self) -> Step {
        let spec = &self.request.spec;
        let both = spec.start_timeout_s.saturating_add(spec.stop_timeout_s);
        let run = self.waiting_call(&["restart", &self.unit], both);
        Step::new(
            "restart",
            "restart the unit and wait until it is ready",
            StepAction::Run(run),
        )
        .role(StepRole::Start)
    }

    /// Exit code 5: the unit is not loaded, so there is nothing to stop.
    fn stop_call(&self) -> ExecSpec {
        self.waiting_call(&["stop", &self.unit], self.request.spec.stop_timeout_s)
            .success_exit_codes(&[0, 5])
    }

    fn stop(&self) -> Step {
        Step::new(
            "stop",
            "stop the unit and wait until it has stopped",
            StepAction::Run(self.stop_call()),
        )
    }

    fn waiting_call(&self, args: &[&str], seconds: u32) -> ExecSpec {
        let limit = u64::from(seconds) * 1_000 + TIMEOUT_MARGIN_MS;
        systemctl(&self.request.system, args, limit)
    }

    /// The unit is stopped before its file is removed, so that it is not orphaned.
    fn uninstall(&self, artifact: &Artifact) -> Vec<Step> {
        let mut stop = self.stop();
        if self.was_running() {
            stop = stop.undo(self.call(&["start", "--no-block", &self.unit]));
        }
        let run = self
            .call(&["disable", &self.unit])
            .success_exit_codes(&[0, 1]);
        let mut disable = Step::new("disable", "disable the unit", StepAction::Run(run));
        if self.status.enabled == Some(true) {
            disable = disable.undo(self.call(&["enable", &self.unit]));
        }
        let remove = Step::new(
            "remove",
            "remove the unit file",
            StepAction::Remove(artifact.path.clone()),
        )
        .undo(self.call(&["daemon-reload"]));
        let mut steps = vec![
            stop,
            disable,
            remove,
            self.reload_manager(),
            self.reset_failed(),
        ];
        if self.request.options.disable_boot_start && !self.request.system.user.is_empty() {
            let run = StepAction::Run(loginctl(&self.request.system, "disable-linger"));
            steps.push(
                Step::new("linger-off", "disable lingering", run)
                    .warn_on_failure("lingering could not be disabled"),
            );
        }
        steps
    }
}

#[cfg(test)]
mod tests;
