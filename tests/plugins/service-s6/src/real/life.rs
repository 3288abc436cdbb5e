//! What a service goes through.

use super::asking::LONG;
use super::machine::{Machine, until};
use crate::backend::S6;
use kt_plugin_api::service::execute::{apply, run_probes};
use kt_plugin_api::service::{
    Action, ActiveState, DetectRequest, ExitKind, Availability, InspectRequest, InspectTarget,
    RenderOptions, ServiceBackend, Autostart,
};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_life_from_install_to_uninstall() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let request = InspectRequest {
        subject: InspectTarget::Supervisor,
        system: machine.system(),
    };
    let results = run_probes(&machine, &S6.inspect(&request).unwrap());
    let system = machine.system();
    let found = S6.detect(&DetectRequest { system, results }).unwrap();
    assert_eq!(found.fitness, Availability::Available, "{found:?}");

    let nothing = machine.observe();
    assert_eq!(
        (nothing.installed, nothing.loaded),
        (Some(false), Some(false))
    );
    assert_eq!(nothing.starts_at, Some(Autostart::Never));
    let empty = machine.files();
    let spec = machine.service(LONG);
    machine.act(Action::Install, &spec);
    let seen = machine.observe();
    assert!(seen.reachable && seen.pid.is_some());
    assert_eq!((seen.active, seen.enabled), (ActiveState::Active, Some(true)));
    assert_eq!((seen.restarts, &seen.last_exit), (Some(0), &None));
    assert_eq!(seen.starts_at, None, "nobody knows when s6-svscan starts");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(seen.since.unwrap().abs_diff(i64::try_from(now).unwrap()) < 30);
    assert_eq!(seen.fragment, Some(machine.place().file("run")));

    machine.act(Action::Stop, &spec);
    let stopped = machine.observe();
    assert_eq!((stopped.active, stopped.pid), (ActiveState::Inactive, None));
    assert_eq!(stopped.last_exit.unwrap().class, ExitKind::Clean);
    machine.act(Action::Stop, &spec);
    machine.act(Action::Start, &spec);
    let pid = machine.observe().pid;
    machine.act(Action::Start, &spec);
    assert_eq!(machine.observe().pid, pid, "it was left alone");
    machine.act(Action::Restart, &spec);
    let again = machine.observe();
    assert!(again.pid.is_some() && again.pid != pid);
    assert_eq!(again.restarts, Some(0));

    machine.act(Action::Uninstall, &spec);
    assert_eq!(machine.observe().installed, Some(false));
    let mut left = machine.files();
    left.retain(|path, _| !path.ends_with("/sv"));
    assert_eq!(left, empty);
    machine.act(Action::Uninstall, &spec);
}

#[test]
fn a_killed_service_comes_back_and_a_parked_one_does_not() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let mark = machine.home.path().join("parks");
    let spec = machine.service(&format!("[ ! -e {} ] || exit 78; {LONG}", mark.display()));
    machine.act(Action::Install, &spec);
    let pid = machine.observe().pid.unwrap();
    let kill = |pid: u32| {
        let mut kill = std::process::Command::new("kill");
        assert!(
            kill.args(["-9", &pid.to_string()])
                .status()
                .unwrap()
                .success()
        );
    };
    kill(pid);
    until("another process", || {
        machine.observe().pid.is_some_and(|new| new != pid)
    });
    let seen = machine.observe();
    let last = seen.last_exit.unwrap();
    assert_eq!((seen.restarts, last.class), (Some(1), ExitKind::Crash));
    assert_eq!(last.signal.as_deref(), Some("KILL"));

    fs::write(&mark, "").unwrap();
    kill(seen.pid.unwrap());
    let parked = machine.becomes(ActiveState::Failed);
    assert_eq!(parked.last_exit.unwrap().class, ExitKind::Parked);
    machine.act(Action::Stop, &spec);
    assert_eq!(machine.observe().active, ActiveState::Failed);
    fs::remove_file(&mark).unwrap();
    machine.act(Action::Start, &spec);
    assert_eq!(machine.observe().active, ActiveState::Active);
}

#[test]
fn a_service_that_ignores_the_request_is_killed_in_time() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let mut spec = machine.service("trap '' TERM; echo up >&2; while :; do sleep 0.1; done");
    spec.stop_timeout_s = 1;
    machine.act(Action::Install, &spec);
    let log = machine.home.path().join("log");
    until("it is up", || {
        fs::read_to_string(&log).is_ok_and(|t| t.contains("up"))
    });
    machine.act(Action::Stop, &spec);
    let stopped = machine.observe();
    assert_eq!(stopped.active, ActiveState::Inactive);
    assert_eq!(stopped.last_exit.unwrap().signal.as_deref(), Some("KILL"));
}

#[test]
fn installed_without_a_start_it_waits_for_the_next_svscan() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let spec = machine.service(LONG);
    let options = RenderOptions {
        start: false,
        ..RenderOptions::default()
    };
    let plan = machine.plan(Action::Install, &spec, options);
    apply(&machine, &plan).unwrap();
    let seen = machine.observe();
    assert_eq!(
        (seen.active, seen.enabled),
        (ActiveState::Inactive, Some(true))
    );
    assert_eq!((seen.loaded, seen.last_exit), (Some(true), None));
}

#[test]
fn somebody_elses_entry_is_named() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let (place, theirs) = (machine.place(), machine.home.path().join("theirs"));
    fs::create_dir(&theirs).unwrap();
    symlink(&theirs, &place.entry).unwrap();
    let seen = machine.observe();
    assert_eq!(seen.fragment, Some(theirs.join("run")));
    assert_eq!((seen.installed, seen.enabled), (Some(true), Some(false)));
    fs::remove_file(&place.entry).unwrap();
    fs::create_dir(&place.entry).unwrap();
    assert_eq!(machine.observe().fragment, Some(place.entry.join("run")));
}
