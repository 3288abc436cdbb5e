use super::layers::{ArtifactLayer, Layers, Parked, ProcessLayer, Version};
use super::{Verdict, judge, output};
use crate::control::InstanceStatus;
use crate::fake::wanted;
use crate::files::FileState;
use crate::record::Phase;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, LastExit, Reason, ServiceName, ServiceStatus,
};
use serde_json::{Value, json};

fn healthy() -> Layers {
    Layers {
        name: ServiceName::default(),
        record: Some(wanted().record.installed()),
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
        artifact: Some(ArtifactLayer {
            path: "/u/x".into(),
            state: FileState::Current,
            sha256: None,
        }),
        parked: None,
        process: ProcessLayer {
            replaced: Some(false),
            owns_port: Some(true),
        },
        gateway: gateway(&json!({})),
        desired: desired("aa"),
    }
}

/// A healthy gateway's words, with `changes` on top.
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

fn desired(sha256: &str) -> Result<Option<Version>, String> {
    Ok(Some(Version {
        version: Some(8),
        sha256: sha256.to_owned(),
    }))
}

fn seen(layers: &mut Layers) -> &mut ServiceStatus {
    layers.supervisor.as_mut().unwrap()
}

fn ended(layers: &mut Layers, active: ActiveState, class: ExitKind, restarts: u64) {
    let seen = seen(layers);
    seen.active_state = active;
    seen.pid = None;
    seen.restarts = Some(restarts);
    seen.last_exit = Some(LastExit {
        code: Some(78),
        signal: None,
        kind: class,
        exited_at: None,
        description: None,
    });
}

type Change = fn(&mut Layers);

/// What is changed in a healthy service, what it then is, and the problem named.
const TABLE: [(Change, Verdict, &str); 28] = [
    (|_| {}, Verdict::Running, ""),
    (
        |l| l.gateway = Err("silence".into()),
        Verdict::Unhealthy,
        "gateway-silent",
    ),
    (
        |l| l.gateway = gateway(&json!({ "ready": false })),
        Verdict::Unhealthy,
        "not-ready",
    ),
    (
        |l| l.gateway = gateway(&json!({ "live": false })),
        Verdict::Unhealthy,
        "not-live",
    ),
    (
        |l| l.gateway = gateway(&json!({ "pid": 7 })),
        Verdict::Unhealthy,
        "another-process",
    ),
    (
        |l| l.process.owns_port = Some(false),
        Verdict::Unhealthy,
        "port-foreign",
    ),
    (|l| l.process.owns_port = None, Verdict::Running, ""),
    (
        |l| l.desired = desired("bb"),
        Verdict::Degraded,
        "config-differs",
    ),
    (
        |l| {
            l.desired = desired("bb");
            l.gateway = gateway(&json!({ "config": {
                "applied": { "sha256": "aa" }, "last_reload": { "error": "line 3" } } }));
        },
        Verdict::Degraded,
        "config-rejected",
    ),
    (
        |l| l.desired = Err("down".into()),
        Verdict::Running,
        "desired-unknown",
    ),
    (|l| l.desired = Ok(None), Verdict::Running, ""),
    (
        |l| seen(l).active_state = ActiveState::Inactive,
        Verdict::Stopped,
        "",
    ),
    (
        |l| seen(l).active_state = ActiveState::Activating,
        Verdict::Unhealthy,
        "starting",
    ),
    (
        |l| seen(l).active_state = ActiveState::Unknown,
        Verdict::Unknown,
        "state-unknown",
    ),
    (
        |l| ended(l, ActiveState::Failed, ExitKind::Crash, 0),
        Verdict::Failed,
        "failed",
    ),
    (
        |l| ended(l, ActiveState::Failed, ExitKind::Parked, 0),
        Verdict::Parked,
        "parked",
    ),
    (
        |l| ended(l, ActiveState::Restarting, ExitKind::Crash, 0),
        Verdict::Unhealthy,
        "restarting",
    ),
    (
        |l| ended(l, ActiveState::Restarting, ExitKind::Crash, 3),
        Verdict::CrashLooping,
        "crash-looping",
    ),
    (|l| l.record = None, Verdict::NotInstalled, "foreign-unit"),
    (
        |l| {
            l.supervisor = Err(Reason {
                message: "no bus".into(),
                ..Reason::default()
            })
        },
        Verdict::Unknown,
        "supervisor-unknown",
    ),
    (
        |l| {
            seen(l).installed = Some(false);
            seen(l).active_state = ActiveState::Inactive;
        },
        Verdict::NotInstalled,
        "file-missing",
    ),
    (
        |l| seen(l).autostart = Some(Autostart::Login),
        Verdict::Running,
        "linger-off",
    ),
    (
        |l| l.artifact.as_mut().unwrap().state = FileState::Drifted,
        Verdict::Running,
        "drifted",
    ),
    (
        |l| {
            ended(l, ActiveState::Failed, ExitKind::Crash, 0);
            l.parked = Some(parked());
        },
        Verdict::Parked,
        "parked",
    ),
    (
        |l| {
            seen(l).active_state = ActiveState::Inactive;
            l.parked = Some(parked());
        },
        Verdict::Parked,
        "parked",
    ),
    (
        |l| l.record.as_mut().unwrap().phase = Phase::Installing,
        Verdict::Running,
        "unfinished",
    ),
    (
        |l| {
            seen(l).active_state = ActiveState::Inactive;
            l.record.as_mut().unwrap().phase = Phase::Removing;
        },
        Verdict::Stopped,
        "unfinished",
    ),
    (
        |l| l.record.as_mut().unwrap().sandbox_refused = Some("226".into()),
        Verdict::Running,
        "sandbox-base",
    ),
];

fn parked() -> Parked {
    Parked {
        at: "2026-01-01T00:00:00Z".to_owned(),
        exit: 78,
        id: "plugin-not-installed".to_owned(),
        message: "this command is not installed".to_owned(),
        causes: vec!["no plugin".to_owned()],
        hints: vec!["install it".to_owned()],
    }
}

#[test]
fn whether_it_is_up_after_a_reboot_is_one_answer() {
    let answer = |change: Change| {
        let mut layers = healthy();
        change(&mut layers);
        output(&layers, &judge(&layers, false)).value["service"]["up_after_reboot"].clone()
    };
    assert_eq!(answer(|_| {}), true);
    for no in [
        (|l| seen(l).autostart = Some(Autostart::Login)) as Change,
        |l| seen(l).autostart = Some(Autostart::Never),
        |l| seen(l).masked = true,
        |l| seen(l).orphaned = true,
        |l| {
            seen(l).pid = None;
            l.parked = Some(parked());
        },
    ] {
        assert_eq!(answer(no), false);
    }
    assert_eq!(answer(|l| seen(l).autostart = None), Value::Null);
}

#[test]
fn an_older_reason_does_not_hide_a_later_end() {
    for (class, code) in [(ExitKind::Setup, 203), (ExitKind::Crash, 70)] {
        let mut layers = healthy();
        ended(&mut layers, ActiveState::Failed, class, 0);
        seen(&mut layers).last_exit.as_mut().unwrap().code = Some(code);
        layers.parked = Some(parked());
        let report = judge(&layers, false);
        assert_eq!(report.verdict, Verdict::Failed);
        assert!(report.problems[0].message.contains(&code.to_string()));
    }
}

#[test]
fn cures_are_for_this_service() {
    let mut layers = healthy();
    layers.name = ServiceName::parse("edge").unwrap();
    let record = layers.record.as_mut().unwrap();
    record.spec.name = layers.name.clone();
    record.listen = Some("127.0.0.1:5001".to_owned());
    seen(&mut layers).autostart = Some(Autostart::Login);
    layers.process.replaced = Some(true);
    let output = output(&layers, &judge(&layers, false));
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
            "kt gateway install --id gw_aaaaaaaaaaaaaaaa --listen 127.0.0.1:5001 --service-name edge",
        ]
    );
}

#[test]
fn a_parked_service_says_why_and_what_to_do() {
    let mut layers = healthy();
    ended(&mut layers, ActiveState::Failed, ExitKind::Parked, 0);
    layers.parked = Some(parked());
    let output = output(&layers, &judge(&layers, false));
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
fn layers_are_joined_into_one_verdict() {
    for (i, (change, verdict, code)) in TABLE.into_iter().enumerate() {
        let mut layers = healthy();
        change(&mut layers);
        let report = judge(&layers, false);
        assert_eq!(report.verdict, verdict, "row {i}: {:?}", report.problems);
        let codes: Vec<&str> = report.problems.iter().map(|p| p.code).collect();
        assert_eq!(codes.first().copied().unwrap_or_default(), code, "row {i}");
    }
}

#[test]
fn warnings_count_only_when_asked_and_only_for_what_runs() {
    let mut layers = healthy();
    assert_eq!(judge(&layers, true).verdict, Verdict::Running);
    layers.process.replaced = Some(true);
    assert_eq!(judge(&layers, false).verdict, Verdict::Running);
    assert_eq!(judge(&layers, true).verdict, Verdict::Warnings);
    seen(&mut layers).active_state = ActiveState::Inactive;
    assert_eq!(judge(&layers, true).verdict, Verdict::Stopped);
}

#[test]
fn a_comparison_that_cannot_be_made_is_no_difference() {
    let mut layers = healthy();
    assert_eq!(judge(&layers, false).in_sync, Some(true));
    layers.desired = Err("down".to_owned());
    assert_eq!(judge(&layers, false).in_sync, None);
    layers.desired = desired("aa");
    layers.gateway = gateway(&json!({ "config": { "applied": null } }));
    assert_eq!(judge(&layers, false).in_sync, None);
}

#[test]
fn the_manifest_declares_every_verdict_with_its_code() {
    let manifest = include_str!("../../plugin.toml");
    let verdicts = [
        Verdict::Failed,
        Verdict::Parked,
        Verdict::CrashLooping,
        Verdict::Stopped,
        Verdict::NotInstalled,
        Verdict::Unknown,
        Verdict::Unhealthy,
        Verdict::Degraded,
        Verdict::Warnings,
    ];
    for verdict in verdicts {
        let (name, code) = (verdict.name(), verdict.exit());
        let lines = format!("  name = \"{name}\"\n  code = {code}\n");
        assert!(manifest.contains(&lines), "{name}");
        assert_eq!(json!(verdict), json!(name));
    }
    assert_eq!(Verdict::Running.exit(), 0);
}

#[test]
fn the_shape_says_unknown_with_its_reason() {
    let mut layers = healthy();
    layers.gateway = Err("nobody listens".to_owned());
    layers.desired = Err("down".to_owned());
    let output = output(&layers, &judge(&layers, false));
    assert_eq!(output.outcome.as_deref(), Some("unhealthy"));
    let value = &output.value;
    assert_eq!(value["schema"], "kt.gateway.status/1");
    assert_eq!(
        (&value["exit"], &value["verdict"]),
        (&json!(150), &json!("unhealthy"))
    );
    assert_eq!(value["gateway"]["reachable"], json!(false));
    assert_eq!(value["gateway"]["reason"], "nobody listens");
    assert_eq!(value["config"]["in_sync"], Value::Null);
    assert_eq!(value["config"]["desired_unknown_because"], "down");
    assert_eq!(value["problems"][0]["code"], "gateway-silent");
}
