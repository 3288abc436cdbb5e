//! What a person allows or asks for beyond a plain installation.

use super::{Installed, install};
use crate::fake::{DROP_IN, UNIT, World, desk, recorded, wanted};
use crate::install::Wanted;
use crate::record::{Phase, Records};
use crate::uninstall::{Wishes, uninstall};
use kt_plugin_api::service::{Action, ServiceName};
use kt_plugin_api::{Class, Error};
use std::path::Path;
use std::time::Duration;

fn put(world: &World, wanted: &Wanted) -> Result<Installed, Error> {
    install(&mut desk(world), wanted, recorded(world).as_ref())
}

fn refused(result: Result<Installed, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class, Class::Conflict, "{error}");
    error.id.clone()
}

fn changed() -> Wanted {
    let mut wanted = wanted();
    wanted.record.spec.exec.push("--more".to_owned());
    wanted
}

#[test]
fn an_address_that_a_stranger_holds_is_refused_before_anything_is_written() {
    for address in ["127.0.0.1:41002", "127.0.0.1:41003"] {
        let world = World::new();
        world.taken.borrow_mut().insert(address.to_owned());
        assert_eq!(refused(put(&world, &wanted())), "address-taken");
        assert!(world.snapshot().0.is_empty() && recorded(&world).is_none());
    }
}

#[test]
fn a_running_services_own_address_is_not_a_strangers() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world
        .taken
        .borrow_mut()
        .insert("127.0.0.1:41002".to_owned());
    assert_eq!(put(&world, &changed()).unwrap().result, "updated");
    // Stopped, it holds nothing.
    world.state.borrow_mut().remove("active");
    assert_eq!(refused(put(&world, &changed())), "address-taken");
}

#[test]
fn a_renewal_restarts_only_what_runs_an_older_kt() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let mut renewal = wanted();
    renewal.refresh = true;
    world.forget();
    assert_eq!(put(&world, &renewal).unwrap().result, "unchanged");
    assert!(world.verbs.borrow().is_empty());
    world.replaced.set(true);
    // A plain installation says nothing of the running process.
    assert_eq!(put(&world, &wanted()).unwrap().result, "unchanged");
    assert_eq!(put(&world, &renewal).unwrap().result, "updated");
    assert!(world.verbs.borrow().iter().any(|v| v == "restart"));
}

#[test]
fn edits_are_moved_into_a_drop_in_and_a_copy_is_kept() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world.put(UNIT, "edited\n");
    let mut adopting = wanted();
    adopting.leave.adopt = true;
    let error = put(&world, &adopting).unwrap_err();
    assert_eq!(error.id, "adopt-impossible", "the toy has no drop-ins");
    let mut desk = desk(&world);
    desk.described.capabilities.drop_ins = true;
    let done = install(&mut desk, &adopting, recorded(&world).as_ref()).unwrap();
    assert_eq!(world.text(DROP_IN).unwrap(), "edited\n");
    assert_eq!(world.text(UNIT).unwrap(), "run /bin/kt run\n");
    assert!(done.notes.iter().any(|n| n == "adopted"));
    assert!(done.notes.iter().any(|n| n.contains("a copy is in")));
    let files: Vec<_> = done.record.files.iter().map(|f| f.path.clone()).collect();
    assert_eq!(files, [Path::new(UNIT)], "a drop-in is the person's own");
}

#[test]
fn an_adoption_that_fails_later_is_taken_back_whole() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world.put(UNIT, "edited\n");
    world.forget();
    world.fails_at.set(Some(2));
    let mut adopting = wanted();
    adopting.leave.adopt = true;
    let mut desk = desk(&world);
    desk.described.capabilities.drop_ins = true;
    install(&mut desk, &adopting, recorded(&world).as_ref()).unwrap_err();
    assert_eq!(world.text(UNIT).unwrap(), "edited\n");
    assert_eq!(world.text(DROP_IN), None);
}

#[test]
fn somebody_elses_file_is_replaced_only_when_that_is_asked_for() {
    let world = World::new();
    world.put(UNIT, "mine\n");
    let mut taking = wanted();
    taking.leave.take_over = true;
    let done = put(&world, &taking).unwrap();
    assert!(done.notes[0].contains("a copy is in"), "{:?}", done.notes);
    assert_eq!(world.text(UNIT).unwrap(), "run /bin/kt run\n");
}

#[test]
fn a_service_is_not_ended_from_inside_itself() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let (before, record) = (world.snapshot(), recorded(&world).unwrap());
    world.inside.set(true);
    assert_eq!(refused(put(&world, &changed())), "inside-service");
    for action in [Action::Stop, Action::Restart] {
        let acted = crate::run::act(&mut desk(&world), &record, action, Duration::from_secs(1));
        assert_eq!(acted.unwrap_err().id, "inside-service");
    }
    let removed = uninstall(&mut desk(&world), &record, Wishes::default());
    assert_eq!(removed.unwrap_err().id, "inside-service");
    assert_eq!(world.snapshot(), before);
    // What changes nothing may be asked from anywhere.
    assert_eq!(put(&world, &wanted()).unwrap().result, "unchanged");
}

#[test]
fn a_removal_that_was_cut_off_is_known_and_gone_on_with() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let mut record = recorded(&world).unwrap();
    record.phase = Phase::Removing;
    let records = Records::new(Path::new("/state"));
    let name = ServiceName::default();
    records.write(&world, &name, &record).unwrap();
    world.files.borrow_mut().remove(Path::new(UNIT));
    world.state.borrow_mut().clear();
    uninstall(&mut desk(&world), &record, Wishes::default()).unwrap();
    assert!(recorded(&world).is_none());
    // Or is installed again.
    records.write(&world, &name, &record).unwrap();
    assert_eq!(put(&world, &wanted()).unwrap().result, "updated");
}

#[test]
fn a_log_stays_unless_everything_is_to_go() {
    for purge in [false, true] {
        let world = World::new();
        put(&world, &wanted()).unwrap();
        for file in ["log.jsonl", "log.jsonl.1", "parked.json", "starts.json"] {
            world.put(&format!("/state/service/default/{file}"), "x");
        }
        let record = recorded(&world).unwrap();
        let wishes = Wishes {
            purge,
            ..Wishes::default()
        };
        uninstall(&mut desk(&world), &record, wishes).unwrap();
        let left = world.snapshot().0.len();
        assert_eq!(left, if purge { 0 } else { 2 });
    }
}

#[test]
fn without_its_manager_a_service_is_removed_only_by_force() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let record = recorded(&world).unwrap();
    world.supervisor.set(false);
    let before = world.snapshot();
    let refused = uninstall(&mut desk(&world), &record, Wishes::default()).unwrap_err();
    assert_eq!(refused.class, Class::Unavailable);
    assert!(refused.hints.iter().any(|h| h.contains("--force")));
    assert_eq!(world.snapshot(), before);
    let forced = Wishes {
        force: true,
        ..Wishes::default()
    };
    let removed = uninstall(&mut desk(&world), &record, forced).unwrap();
    assert!(removed.notes[0].contains("knows nothing of it"));
    assert!(world.snapshot().0.is_empty());
}

#[test]
fn an_update_that_is_cut_off_twice_still_knows_its_file() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let records = Records::new(Path::new("/state"));
    let name = ServiceName::default();
    // Each was killed after its record was written, before its file was.
    for more in ["--one", "--two"] {
        let before = recorded(&world).unwrap();
        let mut record = wanted().record;
        record.spec.exec.push(more.to_owned());
        let artifact = kt_plugin_api::service::Artifact {
            path: UNIT.into(),
            mode: 0o644,
            content: format!("run /bin/kt run {more}\n"),
        };
        let half = record.installing(&[artifact], Some(&before));
        records.write(&world, &name, &half).unwrap();
    }
    assert_eq!(put(&world, &wanted()).unwrap().result, "updated");
}

#[test]
fn another_backend_is_refused_while_the_service_is_installed() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let mut other = wanted();
    other.record.backend = "toy2".to_owned();
    assert_eq!(refused(put(&world, &other)), "other-backend");
}

#[test]
fn a_file_that_was_edited_is_copied_even_without_its_manager() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let record = recorded(&world).unwrap();
    world.put(UNIT, "edited\n");
    world.supervisor.set(false);
    let forced = Wishes {
        force: true,
        ..Wishes::default()
    };
    uninstall(&mut desk(&world), &record, forced).unwrap();
    let kept = world.files.borrow().iter().any(|(path, (_, bytes))| {
        path.to_string_lossy().ends_with(".edited") && bytes == b"edited\n"
    });
    assert!(kept);
    assert_eq!(world.text(UNIT), None);
}

#[test]
fn a_manager_that_does_not_answer_changes_nothing() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let (before, record) = (world.snapshot(), recorded(&world).unwrap());
    world.silent.set(true);
    let error = put(&world, &changed()).unwrap_err();
    assert_eq!(error.id, "supervisor-unresponsive");
    for action in [Action::Stop, Action::Restart, Action::Start] {
        let acted = crate::run::act(&mut desk(&world), &record, action, Duration::from_secs(1));
        assert_eq!(acted.unwrap_err().id, "supervisor-unresponsive");
    }
    let forced = Wishes {
        force: true,
        ..Wishes::default()
    };
    let error = uninstall(&mut desk(&world), &record, forced).unwrap_err();
    assert_eq!(error.id, "supervisor-unresponsive");
    assert_eq!(world.snapshot(), before);
}

#[test]
fn a_renewal_starts_nothing_that_was_stopped() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    world.state.borrow_mut().clear();
    world.forget();
    let mut renewal = changed();
    renewal.refresh = true;
    assert_eq!(put(&world, &renewal).unwrap().result, "updated");
    assert!(
        world
            .verbs
            .borrow()
            .iter()
            .all(|v| v != "start" && v != "restart")
    );
}

#[test]
fn a_change_without_a_start_is_made_good_by_the_next_installation() {
    let world = World::new();
    put(&world, &wanted()).unwrap();
    let mut quiet = changed();
    quiet.start = false;
    put(&world, &quiet).unwrap();
    assert!(recorded(&world).unwrap().restart_pending);
    world.forget();
    assert_eq!(put(&world, &changed()).unwrap().result, "updated");
    assert!(world.verbs.borrow().iter().any(|v| v == "restart"));
    assert!(!recorded(&world).unwrap().restart_pending);
}
