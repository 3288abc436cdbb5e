use super::{Installed, install};
use crate::fake::{UNIT, World, desk, recorded, wanted};
use crate::install::Wanted;
use crate::record::{Phase, Records};
use crate::uninstall::{Wishes, uninstall};
use kt_plugin_api::service::execute::Runner as _;
use kt_plugin_api::service::{Action, ServiceName};
use kt_plugin_api::{Class, Error};
use std::path::Path;
use std::time::Duration;

const FORCED: Wishes = Wishes {
    force: true,
    purge: false,
};

fn put(world: &World, wanted: &Wanted) -> Result<Installed, Error> {
    install(&mut desk(world), wanted, recorded(world).as_ref())
}

fn changed() -> Wanted {
    let mut wanted = wanted();
    wanted.record.spec.exec.push("--more".to_owned());
    wanted
}

fn id_and_class(result: Result<Installed, Error>) -> (String, Class) {
    let error = result.unwrap_err();
    (error.id.clone(), error.class)
}

#[test]
fn a_first_install_writes_starts_and_records() {
    let world = World::new();
    assert_eq!(put(&world, &wanted()).unwrap().result, "installed");
    assert_eq!(*world.verbs.borrow(), ["reread", "enable", "start"]);
    assert_eq!(world.text(UNIT).unwrap(), "run /bin/kt run\n");
    let record = recorded(&world).unwrap();
    assert_eq!((record.phase, record.files.len()), (Phase::Installed, 1));
    let mode = world.files.borrow()[Path::new("/state/service/default/service.json")].0;
    assert_eq!(mode, 0o600);
}

#[test]
fn a_second_install_changes_and_restarts_nothing() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let before = world.snapshot();
    world.forget();
    assert_eq!(put(&world, &wanted()).unwrap().result, "unchanged");
    assert_eq!(*world.verbs.borrow(), Vec::<String>::new());
    assert_eq!(world.snapshot(), before);
}

#[test]
fn a_stopped_service_is_started_again_without_a_restart_of_others() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world.state.borrow_mut().remove("active");
    world.forget();
    assert_eq!(put(&world, &wanted()).unwrap().result, "updated");
    assert!(world.verbs.borrow().iter().all(|v| v != "restart"));
    assert!(world.state.borrow().contains("active"));
}

#[test]
fn a_changed_install_restarts() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world.forget();
    assert_eq!(put(&world, &changed()).unwrap().result, "updated");
    assert_eq!(*world.verbs.borrow(), ["reread", "enable", "restart"]);
    assert!(world.text(UNIT).unwrap().contains("--more"));
}

#[test]
fn a_failure_at_any_step_leaves_no_trace_of_a_first_install() {
    for step in 1..=4 {
        let world = World::new();
        world.fails_at.set(Some(step));
        let error = put(&world, &wanted()).unwrap_err();
        assert_eq!(error.class, Class::Unavailable, "step {step}");
        assert!(
            error.hints.iter().any(|h| h.contains("put back")),
            "step {step}: {:?}",
            error.hints
        );
        let (files, state) = world.snapshot();
        assert!(
            files.is_empty() && state.is_empty(),
            "step {step}: {files:?} {state:?}"
        );
    }
}

#[test]
fn a_failure_at_any_step_of_an_update_leaves_what_ran() {
    for step in 1..=4 {
        let world = World::new();
        put(&world, &wanted()).unwrap();
        let before = world.snapshot();
        world.forget();
        world.fails_at.set(Some(step));
        put(&world, &changed()).unwrap_err();
        assert_eq!(world.snapshot(), before, "step {step}");
    }
}

#[test]
fn a_gateway_that_fails_or_never_gets_ready_is_taken_back_with_its_reason() {
    let world = World::answering(|_| Err("nobody listens".to_owned()));
    world.put("/log", "one\nthe port is taken\n");
    world.starts.set(false);
    let error = put(&world, &wanted()).unwrap_err();
    assert_eq!(
        (&*error.id, error.class),
        ("start-failed", Class::Unavailable)
    );
    let told = error.causes.join("\n");
    assert!(
        told.contains("ended with 78") && told.contains("the port is taken"),
        "{told}"
    );
    assert_eq!(world.text(UNIT), None);
    let world = World::answering(|_| Err("nobody listens".to_owned()));
    let error = put(&world, &wanted()).unwrap_err();
    assert_eq!(error.id, "not-ready");
    assert!(world.now() >= Duration::from_secs(5));
    assert!(world.snapshot().0.is_empty() && recorded(&world).is_none());
}

#[test]
fn what_kt_did_not_write_is_never_touched() {
    let world = World::new();
    world.put(UNIT, "mine\n");
    for force in [false, true] {
        let mut wanted = wanted();
        wanted.leave.force = force;
        let refused = id_and_class(put(&world, &wanted));
        assert_eq!(refused, ("foreign-unit".to_owned(), Class::Conflict));
    }
    assert_eq!(world.text(UNIT).unwrap(), "mine\n");
    assert!(world.verbs.borrow().is_empty() && recorded(&world).is_none());
}

#[test]
fn an_edited_file_is_replaced_only_by_force_and_kept() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world.put(UNIT, "edited\n");
    let refused = id_and_class(put(&world, &wanted()));
    assert_eq!(refused, ("drifted".to_owned(), Class::Conflict));
    assert_eq!(world.text(UNIT).unwrap(), "edited\n");
    let mut force = wanted();
    force.leave.force = true;
    let done = put(&world, &force).unwrap();
    assert!(done.notes[0].contains("a copy is in"), "{:?}", done.notes);
    assert_eq!(world.text(UNIT).unwrap(), "run /bin/kt run\n");
    let kept = world
        .files
        .borrow()
        .iter()
        .any(|(p, (_, b))| p.to_string_lossy().ends_with(".edited") && b == b"edited\n");
    assert!(kept);
}

#[test]
fn a_kt_that_was_killed_half_way_is_taken_up_again() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let mut record = recorded(&world).unwrap();
    // Killed after the file was written, before the record said so.
    let mut half = changed().record;
    half.files = record.files.clone();
    half.files[0].replaces = vec![record.files[0].sha256.clone()];
    half.files[0].sha256 = crate::record::sha256(b"run /bin/kt run --more\n");
    record = half;
    let records = Records::new(Path::new("/state"));
    records
        .write(&world, &ServiceName::default(), &record)
        .unwrap();
    for text in ["run /bin/kt run\n", "run /bin/kt run --more\n"] {
        world.put(UNIT, text);
        world.forget();
        assert_eq!(put(&world, &changed()).unwrap().result, "updated", "{text}");
        // The process may be the one of before, whatever the file says.
        let restarted = world.verbs.borrow().iter().any(|verb| verb == "restart");
        assert!(restarted, "{text}");
        records
            .write(&world, &ServiceName::default(), &record)
            .unwrap();
    }
}

#[test]
fn another_gateway_and_a_taken_address_are_refused() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let mut other = wanted();
    other.record.gateway_id = "gw_bbbbbbbbbbbbbbbb".to_owned();
    assert_eq!(id_and_class(put(&world, &other)).0, "bound-elsewhere");
    let mut second = wanted();
    second.record.spec.name = ServiceName::parse("edge").unwrap();
    let refused = |second: &Wanted| id_and_class(install(&mut desk(&world), second, None)).0;
    assert_eq!(refused(&second), "gateway-taken");
    second.record.gateway_id = "gw_bbbbbbbbbbbbbbbb".to_owned();
    assert_eq!(refused(&second), "address-taken");
    // Its health would meet the other's.
    second.record.listen = Some("127.0.0.1:41003".to_owned());
    assert_eq!(refused(&second), "address-taken");
}

#[test]
fn without_a_service_manager_nothing_is_written() {
    let world = World::new();
    world.supervisor.set(false);
    let refused = id_and_class(put(&world, &wanted()));
    assert_eq!(refused, ("no-supervisor".to_owned(), Class::Unavailable));
    assert!(world.snapshot().0.is_empty());
}

#[test]
fn uninstall_removes_what_was_installed_and_fails_whole() {
    for step in 1..=5 {
        let world = World::new();
        put(&world, &wanted()).unwrap();
        let (before, record) = (world.snapshot(), recorded(&world).unwrap());
        world.forget();
        world.fails_at.set((step < 5).then_some(step));
        let done = uninstall(&mut desk(&world), &record, Wishes::default());
        if step < 5 {
            done.unwrap_err();
            assert_eq!(world.snapshot(), before, "step {step}");
        } else {
            done.unwrap();
            assert!(world.snapshot().0.is_empty() && world.snapshot().1.is_empty());
        }
    }
}

#[test]
fn an_edited_file_is_not_removed_without_force() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let record = recorded(&world).unwrap();
    world.put(UNIT, "edited\n");
    let error = uninstall(&mut desk(&world), &record, Wishes::default()).unwrap_err();
    assert_eq!((&*error.id, error.class), ("drifted", Class::Conflict));
    uninstall(&mut desk(&world), &record, FORCED).unwrap();
    assert_eq!(world.text(UNIT), None);
}

#[test]
fn starting_and_stopping_twice_is_harmless() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let record = recorded(&world).unwrap();
    let act = |action| {
        let acted = crate::run::act(&mut desk(&world), &record, action, Duration::from_secs(1));
        acted.unwrap().result
    };
    assert_eq!(act(Action::Start), "already running");
    assert_eq!(act(Action::Stop), "stopped");
    assert_eq!(act(Action::Stop), "already stopped");
    assert_eq!(act(Action::Start), "started");
    assert_eq!(act(Action::Restart), "restarted");
}
