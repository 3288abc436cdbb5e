use super::observe;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, ObserveRequest, ProbeOutcome, ProbeResult, ServiceName,
    ServiceStatus, SystemInfo,
};

fn exited(stdout: &str) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

#[test]
fn enabled_units_of_all_targets_count() {
    let others = |wants: ProbeOutcome, quadlets: ProbeOutcome| {
        let result = |id: &str, outcome| ProbeResult {
            id: id.to_owned(),
            outcome,
        };
        let results = [result("wants", wants), result("quadlets", quadlets)];
        super::other_units_enabled(&results, "kt-gateway.service").unwrap()
    };
    let own = "/u/default.target.wants/kt-gateway.service\n";
    let timer = format!("{own}/u/timers.target.wants/backup.timer\n");
    assert_eq!(others(exited(own), ProbeOutcome::NotFound), Some(false));
    assert_eq!(others(exited(&timer), ProbeOutcome::NotFound), Some(true));
    let quadlet = ProbeOutcome::Entries(vec!["web.container".to_owned()]);
    assert_eq!(others(exited(own), quadlet), Some(true));
    // An unknown result does not mean that there are none.
    assert_eq!(
        others(ProbeOutcome::Unknown("slow".into()), ProbeOutcome::NotFound),
        None
    );
}

fn observe_with(show: ProbeOutcome, linger: ProbeOutcome) -> ServiceStatus {
    let result = |id: &str, outcome| ProbeResult {
        id: id.to_owned(),
        outcome,
    };
    observe(&ObserveRequest {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        system: SystemInfo {
            user: "ann".to_owned(),
            supervisor_version: Some(252),
            ..SystemInfo::default()
        },
        results: vec![
            result("show", show),
            result("linger", linger),
            result(
                "wants",
                exited("/u/default.target.wants/kt-gateway.service\n"),
            ),
            result("quadlets", ProbeOutcome::NotFound),
        ],
        spec: None,
    })
    .unwrap()
}

fn status_of(lines: &str) -> ServiceStatus {
    observe_with(
        ProbeOutcome::Exited {
            code: Some(0),
            stdout: lines.replace(' ', "\n").replace('_', " "),
            stderr: String::new(),
        },
        ProbeOutcome::NotFound,
    )
}

#[test]
fn active_states_are_mapped() {
    for (active, sub, expected) in [
        ("active", "running", ActiveState::Active),
        ("reloading", "reload", ActiveState::Active),
        ("activating", "start", ActiveState::Activating),
        ("activating", "auto-restart", ActiveState::Restarting),
        ("deactivating", "stop-sigterm", ActiveState::Deactivating),
        ("inactive", "dead", ActiveState::Inactive),
        ("failed", "failed", ActiveState::Failed),
        ("new-state", "x", ActiveState::Unknown),
    ] {
        let status = status_of(&format!(
            "LoadState=loaded ActiveState={active} SubState={sub}"
        ));
        assert_eq!(status.active_state, expected, "{active}/{sub}");
        assert_eq!(status.installed, Some(true));
    }
}

#[test]
fn all_properties_of_a_running_service_are_evaluated() {
    let status = observe_with(
        ProbeOutcome::Exited {
            code: Some(0),
            stdout: "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=42\nNRestarts=2\nResult=success\nExecMainCode=0\nExecMainStatus=0\nActiveEnterTimestamp=@1700000000\nFragmentPath=/u/kt-gateway.service\nDropInPaths=/u/a.conf /u/b.conf\nNeedDaemonReload=yes\n".to_owned(),
            stderr: String::new(),
        },
        ProbeOutcome::Metadata { kind: kt_plugin_api::service::FileKind::File, uid: 0, mode: 0o644 },
    );
    assert_eq!(
        (status.pid, status.restarts, status.since),
        (Some(42), Some(2), Some(1_700_000_000))
    );
    assert_eq!(
        (status.enabled, status.autostart),
        (Some(true), Some(Autostart::Boot))
    );
    assert_eq!(status.drop_in_paths.len(), 2);
    assert!(status.needs_reload && !status.orphaned && !status.masked);
    assert_eq!(status.last_exit, None, "the first process is running");
    assert_eq!(
        (&*status.supervisor, status.other_services_enabled),
        ("systemd 252", Some(false))
    );
}

#[test]
fn a_running_unit_without_a_file_is_orphaned() {
    let status = status_of("LoadState=not-found ActiveState=active SubState=running MainPID=42");
    assert!(status.orphaned);
    assert_eq!(status.installed, Some(false));
    let gone = status_of("LoadState=not-found ActiveState=inactive SubState=dead MainPID=0");
    assert!(!gone.orphaned);
    assert_eq!((gone.installed, gone.pid), (Some(false), None));
}

#[test]
fn exits_are_classified() {
    let exit = |lines: &str| status_of(lines).last_exit.unwrap();
    let parked =
        exit("Result=exit-code ExecMainCode=1 ExecMainStatus=78 RestartPreventExitStatus=2_78");
    assert_eq!((parked.kind, parked.code), (ExitKind::Parked, Some(78)));
    let crash =
        exit("Result=exit-code ExecMainCode=1 ExecMainStatus=7 RestartPreventExitStatus=2_78");
    assert_eq!(crash.kind, ExitKind::Crash);
    let killed = exit("Result=signal ExecMainCode=2 ExecMainStatus=9");
    assert_eq!(
        (killed.kind, killed.signal.as_deref()),
        (ExitKind::Crash, Some("KILL"))
    );
    let setup = exit("Result=exit-code ExecMainCode=1 ExecMainStatus=203");
    assert_eq!(setup.kind, ExitKind::Setup);
    assert!(setup.description.is_some());
    assert_eq!(
        exit("Result=watchdog ExecMainCode=2 ExecMainStatus=6").kind,
        ExitKind::Watchdog
    );
    assert_eq!(
        exit("Result=success ExecMainCode=1 ExecMainStatus=0").kind,
        ExitKind::Clean
    );
}

#[test]
fn without_a_response_of_the_manager_everything_is_unknown() {
    for outcome in [
        ProbeOutcome::Exited {
            code: Some(1),
            stdout: String::new(),
            stderr: "Failed to connect to bus\n".to_owned(),
        },
        ProbeOutcome::Unknown("timed out".to_owned()),
        ProbeOutcome::NotFound,
    ] {
        let status = observe_with(outcome, ProbeOutcome::NotFound);
        assert!(!status.reachable && status.unreachable_reason.is_some());
        assert_eq!(
            (status.active_state, status.installed),
            (ActiveState::Unknown, None)
        );
        assert_eq!(
            status.linger,
            Some(false),
            "a file shows it, without the manager"
        );
    }
}
