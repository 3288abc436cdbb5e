//! A backend of a service manager that has one unit and six verbs.

use super::{DROP_IN, UNIT};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Action, ActiveState, AdoptRequest, Artifact, Availability, Capabilities, Description,
    DetectRequest, Detection, ExecSpec, ExitKind, InspectRequest, InspectTarget, LastExit,
    LogSource, LogSources, LogsRequest, ObserveRequest, Plan, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, Probes, Reason, RenderRequest, ServiceBackend, ServiceStatus, Step, StepAction,
    StepRole,
};
use std::collections::BTreeMap;

/// The toy service manager's backend.
pub(crate) struct Toy;

fn run(verb: &str) -> ExecSpec {
    ExecSpec::new(&["toy", verb], BTreeMap::new(), 1_000)
}

fn step(verb: &str) -> Step {
    let step = Step::new(verb, verb, StepAction::Run(run(verb)));
    match verb {
        "start" | "restart" => step.role(StepRole::Start),
        _ => step,
    }
}

impl ServiceBackend for Toy {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "toy".to_owned(),
            version: "1".to_owned(),
            os: vec!["toy".to_owned()],
            capabilities: Capabilities::default(),
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let verb = match request.target {
            InspectTarget::Supervisor => "version",
            InspectTarget::Service { .. } => "show",
        };
        let look = ProbeAction::Run {
            argv: run(verb).argv,
            env: BTreeMap::new(),
            timeout_ms: 1_000,
        };
        Ok(Probes {
            probes: vec![Probe::new(verb, look)],
        })
    }

    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error> {
        let up = matches!(
            ProbeResult::find(&request.results, "version")?,
            ProbeOutcome::Exited { code: Some(0), .. }
        );
        let reason = Reason {
            code: "no-supervisor".to_owned(),
            message: "the toy is broken".to_owned(),
            fix: None,
        };
        Ok(Detection {
            availability: if up {
                Availability::Available
            } else {
                Availability::Unavailable
            },
            reasons: if up { Vec::new() } else { vec![reason] },
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
        let was = request.status.clone().unwrap_or_default();
        let runs = was.active_state == ActiveState::Active;
        let steps = match request.action {
            Action::Start => vec![step("start")],
            Action::Stop => vec![step("stop")],
            Action::Restart => vec![step("restart")],
            Action::Uninstall => vec![
                step("stop").undo(run("start")),
                step("disable").undo(run("enable")),
                Step::new("remove", "remove", StepAction::Remove(UNIT.into())).undo(run("reread")),
                step("reread"),
            ],
            Action::Install => {
                let write =
                    Step::new("write", "write", StepAction::Write(UNIT.into())).undo(run("reread"));
                let start = if runs && request.options.files_changed {
                    "restart"
                } else {
                    "start"
                };
                let enable = step("enable");
                let mut steps = vec![
                    if runs {
                        write.undo(run("start"))
                    } else {
                        write
                    },
                    step("reread"),
                    if was.enabled == Some(true) {
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
