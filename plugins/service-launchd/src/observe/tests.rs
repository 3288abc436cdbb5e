use super::{disabled, observe};
use crate::property_list::tests::system;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, FileKind, ObserveRequest, ProbeOutcome, ProbeResult,
    ServiceName, ServiceStatus,
};

fn exited(code: i32, stdout: &str) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: "Could not find service".to_owned(),
    }
}

fn results(print: ProbeOutcome, plist: bool) -> Vec<ProbeResult> {
    let file = ProbeOutcome::Metadata {
        kind: FileKind::File,
        uid: 501,
        mode: 0o644,
    };
    let result = |id: &str, outcome| ProbeResult {
        id: id.to_owned(),
        outcome,
    };
    vec![
        result("print", print),
        result("disabled", exited(0, "\tdisabled services = {\n\t}\n")),
        result("plist", if plist { file } else { ProbeOutcome::NotFound }),
    ]
}

fn observe_with(print: ProbeOutcome, plist: bool) -> ServiceStatus {
    observe(&ObserveRequest {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        system: system(),
        results: results(print, plist),
        spec: None,
    })
    .unwrap()
}

/// The status of a loaded agent with these outermost fields.
fn status_of(fields: &[&str]) -> ServiceStatus {
    let lines: String = fields.iter().map(|f| format!("\t{f}\n")).collect();
    observe_with(
        exited(0, &format!("gui/501/dev.kt.gateway = {{\n{lines}}}\n")),
        true,
    )
}

#[test]
fn all_properties_of_a_running_agent_are_evaluated() {
    let text = "gui/501/dev.kt.gateway = {\n\tstate = running\n\truns = 3\n\tpid = 42\n\tinner = {\n\t\tpid = 7\n\t\tstate = active\n\t}\n\tlast exit code = (never exited)\n}\n";
    let status = observe_with(exited(0, text), true);
    assert_eq!(
        (status.active_state, status.pid),
        (ActiveState::Active, Some(42))
    );
    assert_eq!(
        (&*status.sub_state, &*status.properties["runs"]),
        ("running", "3")
    );
    assert_eq!(
        (status.loaded, status.autostart),
        (Some(true), Some(Autostart::Login))
    );
    assert_eq!((status.last_exit, status.restarts), (None, None));
}

#[test]
fn an_agent_that_is_not_loaded_is_distinct_from_no_response() {
    let missing = observe_with(exited(113, ""), false);
    assert_eq!(
        (missing.reachable, missing.installed, missing.loaded),
        (true, Some(false), Some(false))
    );
    assert_eq!(missing.active_state, ActiveState::Inactive);
    let unreachable = observe_with(exited(125, ""), true);
    assert_eq!(
        (unreachable.reachable, unreachable.active_state),
        (false, ActiveState::Unknown)
    );
    assert_eq!(unreachable.installed, Some(true));
}

#[test]
fn active_states_are_mapped() {
    let never = "last exit code = (never exited)";
    let failed = "last exit code = 6";
    let clean = "last exit code = 0";
    let killed = "last terminating signal = Killed: 9";
    for (fields, expected) in [
        (
            vec!["state = running", "pid = 1", failed],
            ActiveState::Active,
        ),
        (vec!["state = running"], ActiveState::Active),
        (vec!["state = xpcproxy", "pid = 1"], ActiveState::Activating),
        (
            vec!["state = spawn scheduled", failed],
            ActiveState::Restarting,
        ),
        (
            vec!["state = spawn scheduled", killed],
            ActiveState::Restarting,
        ),
        (
            vec!["state = spawn scheduled", never],
            ActiveState::Activating,
        ),
        (
            vec!["state = SIGTERMed", "pid = 1"],
            ActiveState::Deactivating,
        ),
        (vec!["state = SIGKILLed", clean], ActiveState::Deactivating),
        (vec!["state = not running", clean], ActiveState::Inactive),
        (vec!["state = not running", never], ActiveState::Inactive),
        // Other versions, and states that were never reported.
        (vec!["state = waiting", clean], ActiveState::Inactive),
        (vec!["state = waiting", failed], ActiveState::Restarting),
        (vec!["pid = 1"], ActiveState::Active),
        (vec![killed], ActiveState::Restarting),
        (vec![], ActiveState::Inactive),
    ] {
        assert_eq!(status_of(&fields).active_state, expected, "{fields:?}");
    }
}

#[test]
fn exits_are_classified() {
    let exit = |field: &str| {
        let exit = status_of(&[field, "state = not running"])
            .last_exit
            .unwrap();
        let signal = exit.signal.as_deref().map(str::to_owned);
        (exit.code, signal, exit.kind, exit.description.is_some())
    };
    let signal = |name: &str| Some(name.to_owned());
    assert_eq!(
        exit("last exit code = 0"),
        (Some(0), None, ExitKind::Clean, false)
    );
    assert_eq!(
        exit("last exit code = 75: EX_TEMPFAIL"),
        (Some(75), None, ExitKind::Crash, false)
    );
    assert_eq!(
        exit("last exit code = 78: EX_CONFIG"),
        (Some(78), None, ExitKind::Setup, true)
    );
    for (text, name) in [("Killed: 9", "KILL"), ("15", "TERM"), ("X: 31", "USR2")] {
        assert_eq!(
            exit(&format!("last terminating signal = {text}")),
            (None, signal(name), ExitKind::Crash, false)
        );
    }
    assert_eq!(
        exit("last terminating signal = Odd: 0"),
        (None, None, ExitKind::Crash, true)
    );
    assert_eq!(
        exit("last exit reason = OS_REASON_EXEC | Error -413 \"No matching profile found\""),
        (None, None, ExitKind::Setup, true)
    );
    assert_eq!(
        exit("last exit reason = OS_REASON_JETSAM"),
        (None, None, ExitKind::Crash, true)
    );
}

#[test]
fn a_running_agent_without_a_file_is_orphaned() {
    let orphan =
        |text: &str| observe_with(exited(0, &format!("x = {{\n\t{text}\n}}\n")), false).orphaned;
    assert!(orphan("pid = 1"));
    assert!(orphan("last exit code = 6"), "it is restarted");
    assert!(!orphan("last exit code = 0"));
    assert!(!orphan("state = SIGTERMed"));
}

#[test]
fn both_formats_of_disabled_are_supported() {
    let enabled = |text: &str| disabled::enabled(text, "dev.kt.gateway");
    for (line, expected) in [
        ("\"dev.kt.gateway\" => disabled", false),
        ("\"dev.kt.gateway\" => true", false),
        ("\"dev.kt.gateway\" => enabled", true),
        ("\"dev.kt.gateway\" => false", true),
        ("\"dev.kt.gateway.edge\" => disabled", true),
    ] {
        for edge in ["", "\t"] {
            let text = format!("{edge}disabled services = {{\n{edge}\t{line}\n{edge}}}\n");
            assert_eq!(enabled(&text), Some(expected), "{text}");
            let text = format!("\n{text}\nlogin item associations = {{\n\t{line}\n}}\n");
            assert_eq!(enabled(&text), Some(expected), "{text}");
        }
        let other = format!("disabled services = {{\n}}\nlogin item associations = {{\n{line}\n}}");
        assert_eq!(enabled(&other), Some(true), "{other}");
        assert_eq!(enabled(line), None, "no list of services");
    }
}
