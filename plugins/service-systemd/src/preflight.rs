//! Whether the strict sandbox works here.
//!
//! It is tried, never guessed from a version: distributions and containers
//! forbid user namespaces in many ways. The unit of the probe lies in the
//! runtime directory, where nothing outlives a reboot.

use crate::manager::{self, QUICK_MS, systemctl};
use crate::unit;
use kt_plugin_api::service::{
    Artifact, ExecSpec, Plan, RenderRequest, Sandbox, ServiceSpec, Step, StepAction,
};
use kt_plugin_api::{Class, Error};

/// On top of the probe's own limit, milliseconds.
const LIMIT_MS: u64 = 30_000;

pub(crate) fn plan(request: &RenderRequest) -> Result<Plan, Error> {
    let system = &request.system;
    let Some(runtime) = &system.runtime_dir else {
        let message = "the user manager has not been found yet";
        return Err(Error::new(Class::Usage, "no-user-bus", message));
    };
    // No name of a service has a dot, so this is nobody's unit.
    let family = format!("{}.sandbox-probe", request.spec.family);
    let unit = manager::unit_name(&family, &request.spec.name);
    let strict = ServiceSpec {
        sandbox: Sandbox::Strict,
        ..request.spec.clone()
    };
    let artifact = Artifact {
        path: runtime.join("systemd/user").join(&unit),
        mode: 0o644,
        content: unit::render_probe(&strict, system)?,
    };
    let call = |words: &[&str]| systemctl(system, words, QUICK_MS);
    let forget: ExecSpec = call(&["reset-failed", &unit]).success_exit_codes(&[0, 1, 5]);
    let steps = vec![
        Step::new(
            "write",
            "write a unit that tries the sandbox",
            StepAction::Write(artifact.path.clone()),
        )
        .undo(forget)
        .undo(call(&["daemon-reload"])),
        Step::new(
            "daemon-reload",
            "make the user manager read it",
            StepAction::Run(call(&["daemon-reload"])),
        ),
        Step::new(
            "start",
            "try the sandbox",
            StepAction::Run(systemctl(system, &["start", &unit], LIMIT_MS)),
        ),
    ];
    Ok(Plan {
        artifacts: vec![artifact],
        steps,
        warnings: Vec::new(),
    })
}
