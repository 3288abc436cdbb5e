use super::inputs::ArtifactStatus;
use super::parked::ParkedReason;
use super::{ConfigVersion, ServiceState, StatusInputs, evaluate, output};
use crate::record::fixtures::sample_record;
use crate::record::{FileState, Phase};
use crate::system::admin_socket::InstanceStatus;
use crate::system::process_table::ProcessStatus;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, LastExit, Reason, ServiceName, ServiceStatus,
};
use serde_json::{Value, json};

pub(super) fn healthy() -> StatusInputs {
    StatusInputs {
        name: ServiceName::default(),
        record: Some(sample_record().installed()),
        supervisor: Ok(ServiceStatus {
            reachable: true,
            installed: Some(true),
            enabled: Some(true),
            active_state: ActiveState::Active,
            pid: Some(42),
            restarts: Some(0),
            autostart: Some(Autostart::Boot),
            ..ServiceStatus::default()
        }),
        boot_start: true,
        artifact: Some(ArtifactStatus {
            path: "/u/x".into(),
            state: FileState::Current,
            sha256: None,
        }),
        parked: None,
        process: ProcessStatus {
            missing: false,
            replaced: Some(false),
            owns_port: Some(true),
        },
        gateway: gateway(&json!({})),
        desired: desired("aa"),
    }
}

/// Returns the status of a healthy gateway with `changes` applied.
fn gateway(changes: &Value) -> Result<InstanceStatus, String> {
    let mut status = json!({
        "pid": 42, "ready": true, "live": true, "listen": "127.0.0.1:41002",
        "config": { "applied": { "version": 7, "sha256": "aa" }, "last_reload": null },
    });
    for (key, value) in changes.as_object().unwrap() {
        status[key] = value.clone();
    }
    Ok(InstanceStatus(status))
}

fn desired(sha256: &str) -> Result<Option<ConfigVersion>, String> {
    Ok(Some(ConfigVersion {
        version: Some(8),
        sha256: sha256.to_owned(),
    }))
}

pub(super) fn observed(inputs: &mut StatusInputs) -> &mut ServiceStatus {
    inputs.supervisor.as_mut().unwrap()
}

fn set_exited(inputs: &mut StatusInputs, active: ActiveState, kind: ExitKind, restarts: u64) {
    let observed = observed(inputs);
    observed.active_state = active;
    observed.pid = None;
    observed.restarts = Some(restarts);
    observed.last_exit = Some(LastExit {
        code: Some(78),
        signal: None,
        kind,
        exited_at: None,
        description: None,
    });
}

pub(super) type Change = fn(&mut StatusInputs);

/// A change to a healthy service, the expected state, and the code of the first problem.
const TABLE: [(Change, ServiceState, &str); 28] = [
    (|_| {}, ServiceState::Running, ""),
    (
        |l| l.gateway = Err("no response".into()),
        ServiceState::Unhealthy,
        "gateway-unresponsive",
    ),
    (
        |l| l.gateway = gateway(&json!({ "ready": false })),
        ServiceState::Unhealthy,
        "not-ready",
    ),
    (
        |l| l.gateway = gateway(&json!({ "live": false })),
        ServiceState::Unhealthy,
        "not-live",
    ),
    (
        |l| l.gateway = gateway(&json!({ "pid": 7 })),
        ServiceState::Unhealthy,
        "pid-mismatch",
    ),
    (
        |l| l.process.owns_port = Some(false),
        ServiceState::Unhealthy,
        "port-conflict",
    ),
    (|l| l.process.owns_port = None, ServiceState::Running, ""),
    (
        |l| l.desired = desired("bb"),
        ServiceState::Degraded,
        "config-differs",
    ),
    (
        |l| {
            l.desired = desired("bb");
            l.gateway = gateway(&json!({ "config": {
                "applied": { "sha256": "aa" }, "last_reload": { "error": "line 3" } } }));
        },
        ServiceState::Degraded,
        "config-rejected",
    ),
    (
        |l| l.desired = Err("down".into()),
        ServiceState::Running,
        "desired-unknown",
    ),
    (|l| l.desired = Ok(None), ServiceState::Running, ""),
    (
        |l| observed(l).active_state = ActiveState::Inactive,
        ServiceState::Stopped,
        "",
    ),
    (
        |l| observed(l).active_state = ActiveState::Activating,
        ServiceState::Unhealthy,
        "starting",
    ),
    (
        |l| observed(l).active_state = ActiveState::Unknown,
        ServiceState::Unknown,
        "state-unknown",
    ),
    (
        |l| set_exited(l, ActiveState::Failed, ExitKind::Crash, 0),
        ServiceState::Failed,
        "failed",
    ),
    (
        |l| set_exited(l, ActiveState::Failed, ExitKind::Parked, 0),
        ServiceState::Parked,
        "parked",
    ),
    (
        |l| set_exited(l, ActiveState::Restarting, ExitKind::Crash, 0),
        ServiceState::Unhealthy,
        "restarting",
    ),
    (
        |l| set_exited(l, ActiveState::Restarting, ExitKind::Crash, 3),
        ServiceState::CrashLooping,
        "crash-looping",
    ),
    (
        |l| l.record = None,
        ServiceState::NotInstalled,
        "foreign-unit",
    ),
    (
        |l| {
            l.supervisor = Err(Reason {
                message: "no bus".into(),
                ..Reason::default()
            })
        },
        ServiceState::Unknown,
        "supervisor-unknown",
    ),
    (
        |l| {
            observed(l).installed = Some(false);
            observed(l).active_state = ActiveState::Inactive;
        },
        ServiceState::NotInstalled,
        "file-missing",
    ),
    (
        |l| observed(l).autostart = Some(Autostart::Login),
        ServiceState::Running,
        "linger-off",
    ),
    (
        |l| l.artifact.as_mut().unwrap().state = FileState::Drifted,
        ServiceState::Running,
        "drifted",
    ),
    (
        |l| {
            set_exited(l, ActiveState::Failed, ExitKind::Crash, 0);
            l.parked = Some(parked_reason());
        },
        ServiceState::Parked,
        "parked",
    ),
    (
        |l| {
            observed(l).active_state = ActiveState::Inactive;
            l.parked = Some(parked_reason());
        },
        ServiceState::Parked,
        "parked",
    ),
    (
        |l| l.record.as_mut().unwrap().phase = Phase::Installing,
        ServiceState::Running,
        "incomplete",
    ),
    (
        |l| {
            observed(l).active_state = ActiveState::Inactive;
            l.record.as_mut().unwrap().phase = Phase::Removing;
        },
        ServiceState::Stopped,
        "incomplete",
    ),
    (
        |l| l.record.as_mut().unwrap().sandbox_error = Some("226".into()),
        ServiceState::Running,
        "sandbox-base",
    ),
];

fn parked_reason() -> ParkedReason {
    ParkedReason {
        at: "2026-01-01T00:00:00Z".to_owned(),
        exit: 78,
        id: "plugin-not-installed".to_owned(),
        message: "this command is not installed".to_owned(),
        causes: vec!["no plugin".to_owned()],
        hints: vec!["install it".to_owned()],
    }
}

#[test]
fn up_after_reboot_joins_enablement_and_state() {
    let up_after_reboot = |change: Change| {
        let mut inputs = healthy();
        change(&mut inputs);
        output(&inputs, &evaluate(&inputs, false)).value["service"]["up_after_reboot"].clone()
    };
    assert_eq!(up_after_reboot(|_| {}), true);
    for change in [
        (|l| observed(l).autostart = Some(Autostart::Login)) as Change,
        |l| observed(l).autostart = Some(Autostart::Never),
        |l| observed(l).masked = true,
        |l| observed(l).orphaned = true,
        |l| {
            observed(l).pid = None;
            l.parked = Some(parked_reason());
        },
    ] {
        assert_eq!(up_after_reboot(change), false);
    }
    assert_eq!(
        up_after_reboot(|l| observed(l).autostart = None),
        Value::Null
    );
}

#[test]
fn an_earlier_parked_reason_does_not_hide_a_later_exit() {
    for (class, code) in [(ExitKind::Setup, 203), (ExitKind::Crash, 70)] {
        let mut inputs = healthy();
        set_exited(&mut inputs, ActiveState::Failed, class, 0);
        observed(&mut inputs).last_exit.as_mut().unwrap().code = Some(code);
        inputs.parked = Some(parked_reason());
        let report = evaluate(&inputs, false);
        assert_eq!(report.state, ServiceState::Failed);
        assert!(report.problems[0].message.contains(&code.to_string()));
    }
}

#[test]
fn fixes_name_this_service() {
    let mut inputs = healthy();
    inputs.name = ServiceName::parse("edge").unwrap();
    let record = inputs.record.as_mut().unwrap();
    record.spec.name = inputs.name.clone();
    record.listen = Some("0.0.0.0:5001".to_owned());
    record.allow_remote = true;
    observed(&mut inputs).autostart = Some(Autostart::Never);
    inputs.process.replaced = Some(true);
    let output = output(&inputs, &evaluate(&inputs, false));
    let fixes: Vec<&str> = output.value["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|p| p["fix"].as_str())
        .collect();
    assert_eq!(
        fixes,
        [
            "kt gateway restart --service-name edge",
            "kt gateway install gw_aaaaaaaaaaaaaaaa --listen 0.0.0.0:5001 --allow-remote-plaintext --service-name edge",
        ]
    );
}

#[test]
fn a_parked_service_reports_its_reason_and_fix() {
    let mut inputs = healthy();
    set_exited(&mut inputs, ActiveState::Failed, ExitKind::Parked, 0);
    inputs.parked = Some(parked_reason());
    let output = output(&inputs, &evaluate(&inputs, false));
    let problem = &output.value["problems"][0];
    assert_eq!(
        problem["message"],
        "this command is not installed: no plugin"
    );
    assert_eq!(problem["fix"], "install it");
    assert_eq!(
        output.value["service"]["parked"]["id"],
        "plugin-not-installed"
    );
}

#[test]
fn inputs_are_joined_into_one_state() {
    for (i, (change, state, code)) in TABLE.into_iter().enumerate() {
        let mut inputs = healthy();
        change(&mut inputs);
        let report = evaluate(&inputs, false);
        assert_eq!(report.state, state, "row {i}: {:?}", report.problems);
        let codes: Vec<&str> = report.problems.iter().map(|p| p.code).collect();
        assert_eq!(codes.first().copied().unwrap_or_default(), code, "row {i}");
    }
}

#[test]
fn a_halt_in_force_is_a_warning() {
    let halt = json!({"reason": "leak", "by": "uid:0", "since": "2026-11-30T00:00:00Z"});
    let inputs = StatusInputs {
        gateway: gateway(&json!({ "halt": halt })),
        ..healthy()
    };
    let report = evaluate(&inputs, false);
    assert_eq!(report.state, ServiceState::Running);
    assert!(report.has("halted"));
    let output = output(&inputs, &report);
    assert_eq!(output.value["gateway"]["halt"]["reason"], "leak");
    assert!(!evaluate(&healthy(), false).has("halted"));
}

#[test]
fn warnings_change_the_state_only_with_strict_and_only_if_running() {
    let mut inputs = healthy();
    assert_eq!(evaluate(&inputs, true).state, ServiceState::Running);
    inputs.process.replaced = Some(true);
    assert_eq!(evaluate(&inputs, false).state, ServiceState::Running);
    assert_eq!(evaluate(&inputs, true).state, ServiceState::Warnings);
    observed(&mut inputs).active_state = ActiveState::Inactive;
    assert_eq!(evaluate(&inputs, true).state, ServiceState::Stopped);
}

#[test]
fn a_failed_comparison_is_not_a_difference() {
    let mut inputs = healthy();
    assert_eq!(evaluate(&inputs, false).in_sync, Some(true));
    inputs.desired = Err("down".to_owned());
    assert_eq!(evaluate(&inputs, false).in_sync, None);
    inputs.desired = desired("aa");
    inputs.gateway = gateway(&json!({ "config": { "applied": null } }));
    assert_eq!(evaluate(&inputs, false).in_sync, None);
}

#[test]
fn the_manifest_declares_every_state_with_its_exit_code() {
    let manifest = include_str!("../../plugin.toml");
    let states = [
        ServiceState::Failed,
        ServiceState::Parked,
        ServiceState::CrashLooping,
        ServiceState::Stopped,
        ServiceState::NotInstalled,
        ServiceState::Unknown,
        ServiceState::Unhealthy,
        ServiceState::Degraded,
        ServiceState::Warnings,
    ];
    for state in states {
        let (name, code) = (state.name(), state.exit_code());
        let lines = format!("  name = \"{name}\"\n  code = {code}\n");
        assert!(manifest.contains(&lines), "{name}");
        assert_eq!(json!(state), json!(name));
    }
    assert_eq!(ServiceState::Running.exit_code(), 0);
}

#[test]
fn unknown_inputs_are_reported_with_their_reason() {
    let mut inputs = healthy();
    inputs.gateway = Err("no process listens".to_owned());
    inputs.desired = Err("down".to_owned());
    let output = output(&inputs, &evaluate(&inputs, false));
    assert_eq!(output.outcome.as_deref(), Some("unhealthy"));
    let value = &output.value;
    assert_eq!(value["schema"], "kt.gateway.status/1");
    assert_eq!(
        (&value["exit"], &value["state"]),
        (&json!(150), &json!("unhealthy"))
    );
    assert_eq!(value["gateway"]["reachable"], json!(false));
    assert_eq!(value["gateway"]["reason"], "no process listens");
    assert_eq!(value["config"]["in_sync"], Value::Null);
    assert_eq!(value["config"]["desired_error"], "down");
    assert_eq!(value["problems"][0]["code"], "gateway-unresponsive");
}
