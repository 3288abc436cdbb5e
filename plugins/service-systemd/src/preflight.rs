//! The preflight of the strict sandbox.
//!
//! It starts a unit instead of comparing versions, because distributions and
//! containers disable user namespaces in many ways. The unit is written to the
//! runtime directory, which does not survive a reboot.

use crate::manager::{self, CALL_TIMEOUT_MS, systemctl};
use crate::unit;
use kt_plugin_api::service::{
    Artifact, ExecSpec, Plan, RenderRequest, Sandbox, ServiceSpec, Step, StepAction,
};
use kt_plugin_api::{Class, Error};

/// Timeout of the start, in milliseconds; above the timeout of the unit itself.
const START_TIMEOUT_MS: u64 = 30_000;

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let system = &request.system;
    let Some(runtime) = &system.runtime_dir else {
        let message = "the runtime directory of the user manager is unknown";
        return Err(Error::new(Class::Usage, "no-user-bus", message));
    };
    // Service names contain no dot, so the name is unique.
    let family = format!("{}.sandbox-check", request.spec.family);
    let unit = manager::unit_name(&family, &request.spec.name);
    let strict = ServiceSpec {
        sandbox: Sandbox::Strict,
        ..request.spec.clone()
    };
    let artifact = Artifact {
        path: runtime.join("systemd/user").join(&unit),
        mode: 0o644,
        content: unit::render_sandbox_check(&strict, system)?,
    };
    let call = |args: &[&str]| systemctl(system, args, CALL_TIMEOUT_MS);
    let reset_failed: ExecSpec = call(&["reset-failed", &unit]).success_exit_codes(&[0, 1, 5]);
    let steps = vec![
        Step::new(
            "write",
            "write a unit that checks the sandbox",
            StepAction::Write(artifact.path.clone()),
        )
        .undo(reset_failed)
        .undo(call(&["daemon-reload"])),
        Step::new(
            "daemon-reload",
            "reload the user manager",
            StepAction::Run(call(&["daemon-reload"])),
        ),
        Step::new(
            "start",
            "check the sandbox",
            StepAction::Run(systemctl(system, &["start", &unit], START_TIMEOUT_MS)),
        ),
    ];
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}
