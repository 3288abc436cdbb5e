use super::observe;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, ObserveRequest, ProbeOutcome, ProbeResult, ServiceName,
    ServiceStatus, SystemInfo,
};

fn ran(stdout: &str) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

#[test]
fn other_enabled_units_of_any_target_count() {
    let others = |wants: ProbeOutcome, quadlets: ProbeOutcome| {
        let result = |id: &str, seen| ProbeResult {
            id: id.to_owned(),
            outcome: seen,
        };
        let results = [result("wants", wants), result("quadlets", quadlets)];
        super::others(&results, "kt-gateway.service").unwrap()
    };
    let own = "/u/default.target.wants/kt-gateway.service\n";
    let timer = format!("{own}/u/timers.target.wants/backup.timer\n");
    assert_eq!(others(ran(own), ProbeOutcome::NotFound), Some(false));
    assert_eq!(others(ran(&timer), ProbeOutcome::NotFound), Some(true));
    let quadlet = ProbeOutcome::Entries(vec!["web.container".to_owned()]);
    assert_eq!(others(ran(own), quadlet), Some(true));
    // What cannot be told is not taken for nothing.
    assert_eq!(
        others(ProbeOutcome::Unknown("slow".into()), ProbeOutcome::NotFound),
        None
    );
}

fn look(show: ProbeOutcome, linger: ProbeOutcome) -> ServiceStatus {
    let result = |id: &str, seen| ProbeResult {
        id: id.to_owned(),
        outcome: seen,
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
            result("wants", ran("/u/default.target.wants/kt-gateway.service\n")),
            result("quadlets", ProbeOutcome::NotFound),
        ],
        spec: None,
    })
    .unwrap()
}

fn shown(lines: &str) -> ServiceStatus {
    look(
        ProbeOutcome::Exited {
            code: Some(0),
            stdout: lines.replace(' ', "\n").replace('_', " "),
            stderr: String::new(),
        },
        ProbeOutcome::NotFound,
    )
}

#[test]
fn states_of_a_unit_are_told_apart() {
    for (active, sub, expected) in [
        ("active", "running", ActiveState::Active),
        ("reloading", "reload", ActiveState::Active),
        ("activating", "start", ActiveState::Activating),
        ("activating", "auto-restart", ActiveState::Restarting),
        ("deactivating", "stop-sigterm", ActiveState::Deactivating),
        ("inactive", "dead", ActiveState::Inactive),
        ("failed", "failed", ActiveState::Failed),
        ("new-word", "x", ActiveState::Unknown),
    ] {
        let seen = shown(&format!(
            "LoadState=loaded ActiveState={active} SubState={sub}"
        ));
        assert_eq!(seen.active_state, expected, "{active}/{sub}");
        assert_eq!(seen.installed, Some(true));
    }
}

#[test]
fn a_running_service_is_read_whole() {
    let seen = look(
        ProbeOutcome::Exited {
            code: Some(0),
            stdout: "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=42\nNRestarts=2\nResult=success\nExecMainCode=0\nExecMainStatus=0\nActiveEnterTimestamp=@1700000000\nFragmentPath=/u/kt-gateway.service\nDropInPaths=/u/a.conf /u/b.conf\nNeedDaemonReload=yes\n".to_owned(),
            stderr: String::new(),
        },
        ProbeOutcome::Metadata { kind: kt_plugin_api::service::FileKind::File, uid: 0, mode: 0o644 },
    );
    assert_eq!(
        (seen.pid, seen.restarts, seen.since),
        (Some(42), Some(2), Some(1_700_000_000))
    );
    assert_eq!(
        (seen.enabled, seen.autostart),
        (Some(true), Some(Autostart::Boot))
    );
    assert_eq!(seen.drop_in_paths.len(), 2);
    assert!(seen.needs_reload && !seen.orphaned && !seen.masked);
    assert_eq!(seen.last_exit, None, "the first process still runs");
    assert_eq!(
        (&*seen.supervisor, seen.other_services_enabled),
        ("systemd 252", Some(false))
    );
}

#[test]
fn a_running_unit_without_a_file_is_an_orphan() {
    let seen = shown("LoadState=not-found ActiveState=active SubState=running MainPID=42");
    assert!(seen.orphaned);
    assert_eq!(seen.installed, Some(false));
    let gone = shown("LoadState=not-found ActiveState=inactive SubState=dead MainPID=0");
    assert!(!gone.orphaned);
    assert_eq!((gone.installed, gone.pid), (Some(false), None));
}

#[test]
fn ends_are_classified() {
    let end = |lines: &str| shown(lines).last_exit.unwrap();
    let parked =
        end("Result=exit-code ExecMainCode=1 ExecMainStatus=78 RestartPreventExitStatus=2_78");
    assert_eq!((parked.kind, parked.code), (ExitKind::Parked, Some(78)));
    let crash =
        end("Result=exit-code ExecMainCode=1 ExecMainStatus=7 RestartPreventExitStatus=2_78");
    assert_eq!(crash.kind, ExitKind::Crash);
    let killed = end("Result=signal ExecMainCode=2 ExecMainStatus=9");
    assert_eq!(
        (killed.kind, killed.signal.as_deref()),
        (ExitKind::Crash, Some("KILL"))
    );
    let setup = end("Result=exit-code ExecMainCode=1 ExecMainStatus=203");
    assert_eq!(setup.kind, ExitKind::Setup);
    assert!(setup.description.is_some());
    assert_eq!(
        end("Result=watchdog ExecMainCode=2 ExecMainStatus=6").kind,
        ExitKind::Watchdog
    );
    assert_eq!(
        end("Result=success ExecMainCode=1 ExecMainStatus=0").kind,
        ExitKind::Clean
    );
}

#[test]
fn a_manager_that_does_not_answer_leaves_everything_unknown() {
    for seen in [
        ProbeOutcome::Exited {
            code: Some(1),
            stdout: String::new(),
            stderr: "Failed to connect to bus\n".to_owned(),
        },
        ProbeOutcome::Unknown("timed out".to_owned()),
        ProbeOutcome::NotFound,
    ] {
        let observed = look(seen, ProbeOutcome::NotFound);
        assert!(!observed.reachable && observed.unreachable_reason.is_some());
        assert_eq!(
            (observed.active_state, observed.installed),
            (ActiveState::Unknown, None)
        );
        assert_eq!(
            observed.linger,
            Some(false),
            "a file says so, without the manager"
        );
    }
}
