use super::plan;
use crate::unit::tests::spec;
use kt_plugin_api::service::{
    Action, ActiveState, Plan, RenderOptions, RenderRequest, ServiceStatus, Step, StepAction,
    SystemInfo,
};

fn request(action: Action, status: ServiceStatus) -> RenderRequest {
    RenderRequest {
        action,
        spec: spec(),
        system: SystemInfo {
            user: "ann".to_owned(),
            config_home: "/home/ann/.config".into(),
            runtime_dir: Some("/run/user/1000".into()),
            supervisor_version: Some(252),
            ..SystemInfo::default()
        },
        status: Some(status),
        options: RenderOptions::default(),
    }
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|s| s.id.as_str()).collect()
}

fn step<'a>(plan: &'a Plan, id: &str) -> &'a Step {
    plan.steps.iter().find(|s| s.id == id).unwrap()
}

fn undo_args(step: &Step) -> Vec<String> {
    step.undo.iter().map(|r| r.argv[4..].join(" ")).collect()
}

fn running() -> ServiceStatus {
    ServiceStatus {
        active_state: ActiveState::Active,
        enabled: Some(true),
        linger: Some(true),
        ..ServiceStatus::default()
    }
}

#[test]
fn the_first_install_is_reverted_completely() {
    let fresh = ServiceStatus {
        active_state: ActiveState::Inactive,
        enabled: Some(false),
        linger: Some(false),
        ..ServiceStatus::default()
    };
    let plan = plan(&request(Action::Install, fresh)).unwrap();
    assert_eq!(
        ids(&plan),
        [
            "write",
            "verify",
            "daemon-reload",
            "enable",
            "linger",
            "reset-failed",
            "start"
        ]
    );
    assert_eq!(undo_args(step(&plan, "write")), ["daemon-reload"]);
    assert_eq!(
        undo_args(step(&plan, "enable")),
        ["disable kt-gateway.service"]
    );
    assert_eq!(
        undo_args(step(&plan, "start")),
        ["stop kt-gateway.service", "reset-failed kt-gateway.service"]
    );
    assert_eq!(
        step(&plan, "linger").undo[0].argv[2..],
        ["disable-linger", "ann"]
    );
    assert!(step(&plan, "linger").warn_on_failure.is_some());
    let path = plan.artifacts[0].path.to_str().unwrap();
    assert_eq!(path, "/home/ann/.config/systemd/user/kt-gateway.service");
    assert_eq!(plan.artifacts[0].mode, 0o644);
}

#[test]
fn a_changed_install_restarts_and_reverts_to_the_running_service() {
    let plan = plan(&request(Action::Install, running())).unwrap();
    assert_eq!(
        ids(&plan),
        [
            "write",
            "verify",
            "daemon-reload",
            "enable",
            "reset-failed",
            "restart"
        ]
    );
    assert_eq!(
        undo_args(step(&plan, "write")),
        ["daemon-reload", "start --no-block kt-gateway.service"]
    );
    assert!(
        undo_args(step(&plan, "enable")).is_empty(),
        "it was already enabled"
    );
}

#[test]
fn an_unchanged_install_does_not_restart() {
    let mut request = request(Action::Install, running());
    request.options.files_changed = false;
    let plan = plan(&request).unwrap();
    assert!(step(&plan, "start").undo.is_empty());
    assert!(!ids(&plan).contains(&"restart"));
}

#[test]
fn options_omit_steps() {
    let mut request = request(Action::Install, ServiceStatus::default());
    request.options = RenderOptions {
        start: false,
        start_at_boot: false,
        ..RenderOptions::default()
    };
    assert_eq!(
        ids(&plan(&request).unwrap()),
        ["write", "verify", "daemon-reload", "enable"]
    );
}

#[test]
fn a_service_is_stopped_before_its_file_is_removed() {
    let mut request = request(Action::Uninstall, running());
    request.options.disable_boot_start = true;
    let plan = plan(&request).unwrap();
    assert_eq!(
        ids(&plan),
        [
            "stop",
            "disable",
            "remove",
            "daemon-reload",
            "reset-failed",
            "linger-off"
        ]
    );
    let StepAction::Run(stop) = &step(&plan, "stop").action else {
        panic!("not a command")
    };
    assert_eq!(stop.success_exit_codes, [0, 5]);
    assert!(stop.timeout_ms > 45_000, "above the timeout of the unit");
    assert_eq!(stop.env["XDG_RUNTIME_DIR"], "/run/user/1000");
}

#[test]
fn the_failed_state_is_reset_before_a_start() {
    let ids_of = |action| {
        let plan = plan(&request(action, ServiceStatus::default())).unwrap();
        ids(&plan).join(",")
    };
    assert_eq!(ids_of(Action::Start), "reset-failed,start");
    assert_eq!(ids_of(Action::Restart), "reset-failed,restart");
    assert_eq!(ids_of(Action::Stop), "stop,reset-failed");
}
