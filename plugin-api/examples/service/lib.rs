//! A small service backend, for dinit. It shows the structure: every method is a pure
//! function, and kt runs the probes and steps.
//!
//! It is not complete: it sets no environment, no limits and no log, and has no rollback.
//! `kt plugin new --lang rust --kind service` writes a complete backend that passes the
//! conformance tests.

use kt_plugin_api::service::{
    Action, ActiveState, Artifact, Availability, Capabilities, Description, DetectRequest,
    Detection, ExecSpec, INTERFACE, InspectRequest, InspectTarget, LogSource, LogSources,
    LogsRequest, ObserveRequest, Plan, Probe, ProbeAction, ProbeOutcome, ProbeResult, Probes,
    Reason, RenderRequest, ServiceBackend, ServiceName, ServiceProvider, ServiceStatus, Step,
    StepAction, StepRole, SystemInfo,
};
use kt_plugin_api::{Class, Error, Host, Plugin, Provider};
use std::collections::BTreeMap;
use std::path::PathBuf;

const TIMEOUT_MS: u64 = 10_000;

struct DinitPlugin {
    provider: ServiceProvider<Dinit>,
}

impl Plugin for DinitPlugin {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self {
            provider: ServiceProvider(Dinit),
        })
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(&self.provider)
    }
}

kt_plugin_api::export_plugin!(DinitPlugin, "plugin.toml");

struct Dinit;

fn unit(family: &str, name: &ServiceName) -> String {
    name.qualify(family, '-')
}

fn file(system: &SystemInfo, unit: &str) -> PathBuf {
    system.home.join(".config/dinit.d").join(unit)
}

fn dinitctl(words: &[&str]) -> ExecSpec {
    let argv = [&["dinitctl"], words].concat();
    ExecSpec::new(&argv, BTreeMap::new(), TIMEOUT_MS)
}

fn probe(id: &str, words: &[&str]) -> Probe {
    let argv = [&["dinitctl"], words].concat();
    Probe::run(id, &argv, BTreeMap::new(), TIMEOUT_MS)
}

/// Quotes a word of a command line of dinit, which replaces `$NAME` even in quotes.
fn quote(word: &str) -> Result<String, Error> {
    if word.contains(char::is_control) {
        let message = format!("dinit cannot pass `{}`", word.escape_debug());
        return Err(Error::new(Class::Usage, "argument-unusable", message));
    }
    let escaped = word.replace('\\', r"\\").replace('"', "\\\"");
    Ok(format!("\"{}\"", escaped.replace('$', "$$")))
}

impl ServiceBackend for Dinit {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "dinit".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: vec!["linux".to_owned()],
            capabilities: Capabilities::default(),
        })
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let mut probes = vec![probe("list", &["list"])];
        if let InspectTarget::Service { family, name } = &request.target {
            let unit = unit(family, name);
            probes.push(probe("started", &["is-started", &unit]));
            let file = file(&request.system, &unit);
            probes.push(Probe::new("file", ProbeAction::Stat(file)));
        }
        Ok(Probes { probes })
    }

    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error> {
        let mut detection = Detection {
            supervisor: "dinit".to_owned(),
            ..Detection::default()
        };
        match ProbeResult::find(&request.results, "list")? {
            ProbeOutcome::Exited { code: Some(0), .. } => {
                detection.availability = Availability::Available;
            }
            _ => detection.reasons.push(Reason {
                code: "no-supervisor".to_owned(),
                message: "the user has no dinit".to_owned(),
                fix: Some("dinit --user &".to_owned()),
            }),
        }
        Ok(detection)
    }

    fn observe(&self, request: &ObserveRequest) -> Result<ServiceStatus, Error> {
        let find = |id: &str| ProbeResult::find(&request.results, id);
        let success = |outcome: &ProbeOutcome| match outcome {
            ProbeOutcome::Exited { code, .. } => Some(*code == Some(0)),
            _ => None,
        };
        Ok(ServiceStatus {
            supervisor: "dinit".to_owned(),
            unit: unit(&request.family, &request.name),
            reachable: success(find("list")?) == Some(true),
            installed: match find("file")? {
                ProbeOutcome::Metadata { .. } => Some(true),
                ProbeOutcome::NotFound => Some(false),
                // What a probe does not show is unknown.
                _ => None,
            },
            active_state: match success(find("started")?) {
                Some(true) => ActiveState::Active,
                Some(false) => ActiveState::Inactive,
                None => ActiveState::Unknown,
            },
            ..ServiceStatus::default()
        })
    }

    fn render(&self, request: &RenderRequest) -> Result<Plan, Error> {
        let spec = &request.spec;
        let unit = unit(&spec.family, &spec.name);
        let words: Result<Vec<String>, Error> = spec.exec.iter().map(|w| quote(w)).collect();
        let artifact = Artifact {
            path: file(&request.system, &unit),
            mode: 0o644,
            content: format!(
                "type = process\ncommand = {}\nrestart = true\n",
                words?.join(" ")
            ),
        };
        let run = |id: &str, words: &[&str]| {
            let description = format!("dinitctl {}", words.join(" "));
            Step::new(id, description, StepAction::Run(dinitctl(words)))
        };
        let start = || run("start", &["start", &unit]).role(StepRole::Start);
        let write = StepAction::Write(artifact.path.clone());
        let remove = StepAction::Remove(artifact.path.clone());
        let steps = match request.action {
            Action::Install if request.options.start => {
                vec![Step::new("write", "write the service", write), start()]
            }
            Action::Install => vec![Step::new("write", "write the service", write)],
            Action::Start => vec![start()],
            Action::Stop => vec![run("stop", &["stop", &unit])],
            Action::Restart => vec![run("restart", &["restart", &unit])],
            Action::Uninstall => vec![
                run("stop", &["stop", "--ignore-unstarted", &unit]),
                run("unload", &["unload", "--ignore-unstarted", &unit]),
                Step::new("remove", "remove the service", remove),
            ],
        };
        Ok(Plan {
            artifacts: vec![artifact],
            steps,
            warnings: Vec::new(),
        })
    }

    fn logs(&self, request: &LogsRequest) -> Result<LogSources, Error> {
        let file = request.spec.stderr_file.clone().map(LogSource::File);
        Ok(LogSources {
            sources: file.into_iter().collect(),
            supervisor: None,
        })
    }
}
