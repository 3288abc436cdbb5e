use super::{enabled, observe};
use crate::job::tests::facts;
use kt_plugin_api::service::{
    Activity, FileKind, ObserveRequest, Observed, ProbeResult, Seen, ServiceName, StartsAt,
};

fn ran(code: i32, stdout: &str) -> Seen {
    Seen::Ran {
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: "Could not find service".to_owned(),
    }
}

fn results(print: Seen, plist: bool) -> Vec<ProbeResult> {
    let file = Seen::File {
        kind: FileKind::File,
        uid: 501,
        mode: 0o644,
    };
    let result = |id: &str, seen| ProbeResult {
        id: id.to_owned(),
        seen,
    };
    vec![
        result("print", print),
        result("disabled", ran(0, "disabled services = {\n}\n")),
        result("plist", if plist { file } else { Seen::Absent }),
    ]
}

fn look(print: Seen, plist: bool) -> Observed {
    observe(&ObserveRequest {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        facts: facts(),
        results: results(print, plist),
        spec: None,
    })
    .unwrap()
}

#[test]
fn a_running_agent() {
    let text = "gui/501/dev.kt.gateway = {\n\tstate = running\n\truns = 3\n\tpid = 42\n\tinner = {\n\t\tpid = 7\n\t}\n\tlast exit code = (never exited)\n}\n";
    let seen = look(ran(0, text), true);
    assert_eq!(
        (seen.active, seen.pid, seen.restarts),
        (Activity::Active, Some(42), Some(2))
    );
    assert_eq!(
        (seen.loaded, seen.starts_at),
        (Some(true), Some(StartsAt::Login))
    );
    assert_eq!(seen.last_exit, None);
}

#[test]
fn what_is_not_there_is_told_apart_from_what_does_not_answer() {
    let gone = look(ran(113, ""), false);
    assert_eq!(
        (gone.reachable, gone.installed, gone.loaded),
        (true, Some(false), Some(false))
    );
    assert_eq!(gone.active, Activity::Inactive);
    let silent = look(ran(125, ""), true);
    assert_eq!(
        (silent.reachable, silent.active),
        (false, Activity::Unknown)
    );
    assert_eq!(silent.installed, Some(true));
}

#[test]
fn ends_and_orphans() {
    let failed = look(ran(0, "x = {\n\tlast exit code = 78: EX_CONFIG\n}\n"), true);
    assert_eq!(failed.active, Activity::Restarting);
    assert_eq!(failed.last_exit.unwrap().code, Some(78));
    let stopped = look(ran(0, "x = {\n\tlast exit code = 0\n}\n"), true);
    assert_eq!(stopped.active, Activity::Inactive);
    assert!(look(ran(0, "x = {\n\tpid = 1\n}\n"), false).orphan);
}

#[test]
fn both_spellings_of_disabled_are_known() {
    for (text, expected) in [
        ("\t\"dev.kt.gateway\" => disabled\n", false),
        ("\t\"dev.kt.gateway\" => true\n", false),
        ("\t\"dev.kt.gateway\" => enabled\n", true),
        ("\t\"dev.kt.gateway\" => false\n", true),
        ("\t\"dev.kt.gateway.edge\" => disabled\n", true),
    ] {
        let mut all = results(ran(113, ""), true);
        all[1].seen = ran(0, text);
        assert_eq!(
            enabled(&all, "dev.kt.gateway").unwrap(),
            Some(expected),
            "{text}"
        );
    }
}
