use super::observe;
use kt_plugin_api::service::{
    Activity, ExitClass, Facts, ObserveRequest, Observed, ProbeOutcome, ProbeResult, ServiceName,
    StartsAt,
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
    assert_eq!(others(ran(own), ProbeOutcome::Absent), Some(false));
    assert_eq!(others(ran(&timer), ProbeOutcome::Absent), Some(true));
    let quadlet = ProbeOutcome::Names(vec!["web.container".to_owned()]);
    assert_eq!(others(ran(own), quadlet), Some(true));
    // What cannot be told is not taken for nothing.
    assert_eq!(
        others(ProbeOutcome::Unknown("slow".into()), ProbeOutcome::Absent),
        None
    );
}

fn look(show: ProbeOutcome, linger: ProbeOutcome) -> Observed {
    let result = |id: &str, seen| ProbeResult {
        id: id.to_owned(),
        outcome: seen,
    };
    observe(&ObserveRequest {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        facts: Facts {
            user: "ann".to_owned(),
            supervisor_version: Some(252),
            ..Facts::default()
        },
        results: vec![
            result("show", show),
            result("linger", linger),
            result("wants", ran("/u/default.target.wants/kt-gateway.service\n")),
            result("quadlets", ProbeOutcome::Absent),
        ],
        spec: None,
    })
    .unwrap()
}

fn shown(lines: &str) -> Observed {
    look(
        ProbeOutcome::Exited {
            code: Some(0),
            stdout: lines.replace(' ', "\n").replace('_', " "),
            stderr: String::new(),
        },
        ProbeOutcome::Absent,
    )
}

#[test]
fn states_of_a_unit_are_told_apart() {
    for (active, sub, expected) in [
        ("active", "running", Activity::Active),
        ("reloading", "reload", Activity::Active),
        ("activating", "start", Activity::Activating),
        ("activating", "auto-restart", Activity::Restarting),
        ("deactivating", "stop-sigterm", Activity::Deactivating),
        ("inactive", "dead", Activity::Inactive),
        ("failed", "failed", Activity::Failed),
        ("new-word", "x", Activity::Unknown),
    ] {
        let seen = shown(&format!(
            "LoadState=loaded ActiveState={active} SubState={sub}"
        ));
        assert_eq!(seen.active, expected, "{active}/{sub}");
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
        ProbeOutcome::File { kind: kt_plugin_api::service::FileKind::File, uid: 0, mode: 0o644 },
    );
    assert_eq!(
        (seen.pid, seen.restarts, seen.since),
        (Some(42), Some(2), Some(1_700_000_000))
    );
    assert_eq!(
        (seen.enabled, seen.starts_at),
        (Some(true), Some(StartsAt::Boot))
    );
    assert_eq!(seen.dropins.len(), 2);
    assert!(seen.needs_reload && !seen.orphan && !seen.masked);
    assert_eq!(seen.last_exit, None, "the first process still runs");
    assert_eq!(
        (&*seen.supervisor, seen.others),
        ("systemd 252", Some(false))
    );
}

#[test]
fn a_running_unit_without_a_file_is_an_orphan() {
    let seen = shown("LoadState=not-found ActiveState=active SubState=running MainPID=42");
    assert!(seen.orphan);
    assert_eq!(seen.installed, Some(false));
    let gone = shown("LoadState=not-found ActiveState=inactive SubState=dead MainPID=0");
    assert!(!gone.orphan);
    assert_eq!((gone.installed, gone.pid), (Some(false), None));
}

#[test]
fn ends_are_classified() {
    let end = |lines: &str| shown(lines).last_exit.unwrap();
    let parked =
        end("Result=exit-code ExecMainCode=1 ExecMainStatus=78 RestartPreventExitStatus=2_78");
    assert_eq!((parked.class, parked.code), (ExitClass::Parked, Some(78)));
    let crash =
        end("Result=exit-code ExecMainCode=1 ExecMainStatus=7 RestartPreventExitStatus=2_78");
    assert_eq!(crash.class, ExitClass::Crash);
    let killed = end("Result=signal ExecMainCode=2 ExecMainStatus=9");
    assert_eq!(
        (killed.class, killed.signal.as_deref()),
        (ExitClass::Crash, Some("KILL"))
    );
    let setup = end("Result=exit-code ExecMainCode=1 ExecMainStatus=203");
    assert_eq!(setup.class, ExitClass::Setup);
    assert!(setup.meaning.is_some());
    assert_eq!(
        end("Result=watchdog ExecMainCode=2 ExecMainStatus=6").class,
        ExitClass::Watchdog
    );
    assert_eq!(
        end("Result=success ExecMainCode=1 ExecMainStatus=0").class,
        ExitClass::Clean
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
        ProbeOutcome::Absent,
    ] {
        let observed = look(seen, ProbeOutcome::Absent);
        assert!(!observed.reachable && observed.unreachable_because.is_some());
        assert_eq!(
            (observed.active, observed.installed),
            (Activity::Unknown, None)
        );
        assert_eq!(
            observed.linger,
            Some(false),
            "a file says so, without the manager"
        );
    }
}
