//! A backend of the service manager of the fake system, for tests.

use crate::system::fake_system::UNIT;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, AdoptRequest, Artifact, Availability, Capabilities, Description,
    DetectRequest, Detection, ExecSpec, ExitKind, InspectRequest, InspectTarget, LastExit,
    LogSource, LogSources, LogsRequest, ObserveRequest, Plan, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, Probes, Reason, RenderRequest, ServiceBackend, ServiceStatus, Step, StepAction,
    StepRole,
};
use std::collections::BTreeMap;

/// The drop-in that preserves edits of the unit.
pub(crate) const DROP_IN: &str = "/u/kt-gateway.unit.d/edits";

/// The backend.
pub(crate) struct FakeBackend;

fn run(command: &str) -> ExecSpec {
    ExecSpec::new(&["fakectl", command], BTreeMap::new(), 1_000)
}

fn step(command: &str) -> Step {
    let step = Step::new(command, command, StepAction::Run(run(command)));
    match command {
        "start" | "restart" => step.role(StepRole::Start),
        _ => step,
    }
}

impl ServiceBackend for FakeBackend {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "fake".to_owned(),
            version: "1".to_owned(),
            os: vec!["fake".to_owned()],
            capabilities: Capabilities::default(),
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let command = match request.target {
            InspectTarget::Supervisor => "version",
            InspectTarget::Service { .. } => "show",
        };
        let probe = ProbeAction::Run {
            argv: run(command).argv,
            env: BTreeMap::new(),
            timeout_ms: 1_000,
        };
        Ok(Probes {
            probes: vec![Probe::new(command, probe)],
        })
    }

    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error> {
        let available = matches!(
            ProbeResult::find(&request.results, "version")?,
            ProbeOutcome::Exited { code: Some(0), .. }
        );
        let reason = Reason {
            code: "no-supervisor".to_owned(),
            message: "the fake service manager is not available".to_owned(),
            fix: None,
        };
        Ok(Detection {
            availability: if available {
                Availability::Available
            } else {
                Availability::Unavailable
            },
            reasons: if available { Vec::new() } else { vec![reason] },
            ..Detection::default()
        })
    }

    fn observe(&self, request: &ObserveRequest) -> Result<ServiceStatus, Error> {
        let ProbeOutcome::Exited { stdout, .. } = ProbeResult::find(&request.results, "show")?
        else {
            return Ok(ServiceStatus::default());
        };
        let has = |word: &str| stdout.split(' ').any(|w| w == word);
        let fragment = stdout.split(' ').find_map(|w| w.strip_prefix("file="));
        Ok(ServiceStatus {
            reachable: true,
            installed: Some(fragment.is_some()),
            enabled: Some(has("enabled")),
            active_state: match (has("active"), has("failed")) {
                (true, _) => ActiveState::Active,
                (_, true) => ActiveState::Failed,
                _ => ActiveState::Inactive,
            },
            last_exit: has("failed").then_some(LastExit {
                code: Some(78),
                signal: None,
                kind: ExitKind::Parked,
                exited_at: None,
                description: None,
            }),
            pid: has("active").then_some(42),
            fragment_path: fragment.map(Into::into),
            linger: Some(true),
            other_services_enabled: Some(false),
            ..ServiceStatus::default()
        })
    }

    fn render(&self, request: &RenderRequest) -> Result<Plan, Error> {
        let artifact = Artifact {
            path: UNIT.into(),
            mode: 0o644,
            content: format!("run {}\n", request.spec.exec.join(" ")),
        };
        let previous = request.status.clone().unwrap_or_default();
        let active = previous.active_state == ActiveState::Active;
        let steps = match request.action {
            Action::Start => vec![step("start")],
            Action::Stop => vec![step("stop")],
            Action::Restart => vec![step("restart")],
            Action::Uninstall => vec![
                step("stop").undo(run("start")),
                step("disable").undo(run("enable")),
                Step::new("remove", "remove", StepAction::Remove(UNIT.into())).undo(run("reload")),
                step("reload"),
            ],
            Action::Install => {
                let write =
                    Step::new("write", "write", StepAction::Write(UNIT.into())).undo(run("reload"));
                let start = if active && request.options.files_changed {
                    "restart"
                } else {
                    "start"
                };
                let enable = step("enable");
                let mut steps = vec![
                    if active {
                        write.undo(run("start"))
                    } else {
                        write
                    },
                    step("reload"),
                    if previous.enabled == Some(true) {
                        enable
                    } else {
                        enable.undo(run("disable"))
                    },
                ];
                if request.options.start {
                    steps.push(step(start).undo(run("stop")));
                }
                steps
            }
        };
        Ok(Plan {
            artifacts: vec![artifact],
            steps,
            warnings: Vec::new(),
        })
    }

    fn preflight(&self, _: &RenderRequest) -> Result<Plan, Error> {
        Ok(Plan {
            steps: vec![step("probe").undo(run("clear"))],
            ..Plan::default()
        })
    }

    fn adopt(&self, request: &AdoptRequest) -> Result<Plan, Error> {
        let path: std::path::PathBuf = DROP_IN.into();
        Ok(Plan {
            artifacts: vec![Artifact {
                path: path.clone(),
                mode: 0o644,
                content: request.edited.clone(),
            }],
            steps: vec![Step::new("adopt", "adopt", StepAction::Write(path))],
            warnings: vec!["adopted".to_owned()],
        })
    }

    fn logs(&self, _: &LogsRequest) -> Result<LogSources, Error> {
        Ok(LogSources {
            sources: vec![LogSource::File("/log".into())],
            supervisor: Some(LogSource::File("/manager".into())),
        })
    }
}
