use super::plan;
use crate::sample::{system, spec};
use kt_plugin_api::service::{
    Action, ActiveState, ServiceStatus, Plan, RenderOptions, RenderRequest, StepAction,
};
use std::path::Path;

fn rendered(action: Action, observed: Option<ServiceStatus>, options: RenderOptions) -> Plan {
    let request = RenderRequest {
        action,
        spec: spec(&["/opt/kt/bin/kt", "gateway", "run"]),
        system: system(Path::new("/home/ann")),
        observed,
        options,
    };
    plan(&request).unwrap()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|s| s.id.as_str()).collect()
}

fn running() -> ServiceStatus {
    let mut observed = ServiceStatus {
        installed: Some(true),
        loaded: Some(true),
        enabled: Some(true),
        active: ActiveState::Active,
        ..ServiceStatus::default()
    };
    for (mark, word) in [("linked", "true"), ("down", "false")] {
        observed.raw.insert(mark.to_owned(), word.to_owned());
    }
    observed
}

const WRITES: [&str; 4] = ["write"; 4];

#[test]
fn a_preview_shows_the_whole_way() {
    let shown = |action| rendered(action, None, RenderOptions::default());
    let install = shown(Action::Install);
    let expected = [&WRITES[..], &["link", "forget", "start"]].concat();
    assert_eq!(ids(&install), expected);
    let uninstall = shown(Action::Uninstall);
    let expected = [
        &["stop", "unlink", "unwatched"][..],
        &["remove"; 4],
        &["state", "folder"],
    ];
    assert_eq!(ids(&uninstall), expected.concat());
    assert_eq!(install.artifacts, uninstall.artifacts);
}

#[test]
fn what_runs_unchanged_is_left_running() {
    let options = |start, changed| RenderOptions {
        start,
        changed,
        ..RenderOptions::default()
    };
    let install = |options| rendered(Action::Install, Some(running()), options);
    let steps = |options, more: &[&str]| {
        assert_eq!(ids(&install(options)), [&WRITES[..], more].concat());
    };
    steps(options(true, false), &["start"]);
    steps(options(true, true), &["stop", "forget", "start"]);
    steps(options(false, true), &[]);
}

#[test]
fn only_what_is_there_is_stopped() {
    let gone = ServiceStatus {
        loaded: Some(false),
        ..running()
    };
    let act = |action| rendered(action, Some(gone.clone()), RenderOptions::default());
    assert!(act(Action::Stop).steps.is_empty());
    assert_eq!(ids(&act(Action::Restart)), ["link", "forget", "start"]);
    assert_eq!(ids(&act(Action::Uninstall))[0], "unlink");
}

#[test]
fn stopping_takes_as_long_as_the_service_may() {
    let stop = rendered(Action::Stop, Some(running()), RenderOptions::default());
    let StepAction::Run(run) = &stop.steps[0].action else {
        panic!("{stop:?}")
    };
    let dir = "/home/ann/.local/share/s6/sv/kt-gateway";
    assert_eq!(run.argv, ["s6-svc", "-wD", "-T", "55000", "-d", dir]);
    assert!(run.timeout_ms > 55_000);
    let kill = stop
        .artifacts
        .iter()
        .find(|a| a.path.ends_with("timeout-kill"));
    assert_eq!(kill.unwrap().content, "45000\n");
}
