//! Tests of the options of an installation and a removal.

use super::InstallRequest;
use super::fixtures::sample_request;
use super::{InstallOutcome, install};
use crate::context::fixtures::{DROP_IN, service_context, stored_record};
use crate::operation::lifecycle::perform;
use crate::operation::uninstall::{UninstallOptions, uninstall};
use crate::record::{Phase, Records};
use crate::system::fake_system::{FakeSystem, UNIT};
use kt_plugin_api::service::{Action, ServiceName};
use kt_plugin_api::{Class, Error};
use std::path::Path;
use std::time::Duration;

fn install_on(system: &FakeSystem, request: &InstallRequest) -> Result<InstallOutcome, Error> {
    install(
        &mut service_context(system),
        request,
        stored_record(system).as_ref(),
    )
}

fn refused(result: Result<InstallOutcome, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class, Class::Conflict, "{error}");
    error.id.clone()
}

fn changed() -> InstallRequest {
    let mut request = sample_request();
    request.record.spec.exec.push("--more".to_owned());
    request
}

#[test]
fn an_address_in_use_is_refused_before_anything_is_written() {
    for address in ["127.0.0.1:41002", "127.0.0.1:41003"] {
        let system = FakeSystem::new();
        system
            .used_addresses
            .borrow_mut()
            .insert(address.to_owned());
        assert_eq!(
            refused(install_on(&system, &sample_request())),
            "address-in-use"
        );
        assert!(system.snapshot().0.is_empty() && stored_record(&system).is_none());
    }
}

#[test]
fn the_address_of_the_running_service_is_not_a_conflict() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system
        .used_addresses
        .borrow_mut()
        .insert("127.0.0.1:41002".to_owned());
    assert_eq!(install_on(&system, &changed()).unwrap().result, "updated");
    // A stopped service does not use its address.
    system.state.borrow_mut().remove("active");
    assert_eq!(refused(install_on(&system, &changed())), "address-in-use");
}

#[test]
fn a_refresh_restarts_only_a_service_that_runs_an_older_kt() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let mut refresh = sample_request();
    refresh.refresh = true;
    system.reset_history();
    assert_eq!(install_on(&system, &refresh).unwrap().result, "unchanged");
    assert!(system.commands.borrow().is_empty());
    system.executable_replaced.set(true);
    // Without `refresh` the running process is not considered.
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "unchanged"
    );
    assert_eq!(install_on(&system, &refresh).unwrap().result, "updated");
    assert!(system.commands.borrow().iter().any(|v| v == "restart"));
}

#[test]
fn edits_are_moved_into_a_drop_in_and_backed_up() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system.put(UNIT, "edited\n");
    let mut adopt = sample_request();
    adopt.overwrite.adopt = true;
    let error = install_on(&system, &adopt).unwrap_err();
    assert_eq!(
        error.id, "adopt-impossible",
        "the fake backend has no drop-ins"
    );
    let mut service = service_context(&system);
    service.description.capabilities.drop_ins = true;
    let outcome = install(&mut service, &adopt, stored_record(&system).as_ref()).unwrap();
    assert_eq!(system.text(DROP_IN).unwrap(), "edited\n");
    assert_eq!(system.text(UNIT).unwrap(), "run /bin/kt run\n");
    assert!(outcome.notes.iter().any(|n| n == "adopted"));
    assert!(outcome.notes.iter().any(|n| n.contains("a backup is in")));
    let files: Vec<_> = outcome
        .record
        .files
        .iter()
        .map(|f| f.path.clone())
        .collect();
    assert_eq!(files, [Path::new(UNIT)], "a drop-in belongs to the user");
}

#[test]
fn an_adoption_is_rolled_back_with_the_installation() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system.put(UNIT, "edited\n");
    system.reset_history();
    system.fail_at.set(Some(2));
    let mut adopt = sample_request();
    adopt.overwrite.adopt = true;
    let mut service = service_context(&system);
    service.description.capabilities.drop_ins = true;
    install(&mut service, &adopt, stored_record(&system).as_ref()).unwrap_err();
    assert_eq!(system.text(UNIT).unwrap(), "edited\n");
    assert_eq!(system.text(DROP_IN), None);
}

#[test]
fn a_foreign_file_is_overwritten_only_with_take_over() {
    let system = FakeSystem::new();
    system.put(UNIT, "mine\n");
    let mut take_over = sample_request();
    take_over.overwrite.take_over = true;
    let outcome = install_on(&system, &take_over).unwrap();
    assert!(
        outcome.notes[0].contains("a backup is in"),
        "{:?}",
        outcome.notes
    );
    assert_eq!(system.text(UNIT).unwrap(), "run /bin/kt run\n");
}

#[test]
fn a_service_is_not_stopped_from_inside_itself() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let (before, record) = (system.snapshot(), stored_record(&system).unwrap());
    system.inside.set(true);
    assert_eq!(refused(install_on(&system, &changed())), "inside-service");
    for action in [Action::Stop, Action::Restart] {
        let outcome = perform(
            &mut service_context(&system),
            &record,
            action,
            Duration::from_secs(1),
        );
        assert_eq!(outcome.unwrap_err().id, "inside-service");
    }
    let removed = uninstall(
        &mut service_context(&system),
        &record,
        UninstallOptions::default(),
    );
    assert_eq!(removed.unwrap_err().id, "inside-service");
    assert_eq!(system.snapshot(), before);
    // A request that changes nothing is allowed.
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "unchanged"
    );
}

#[test]
fn an_interrupted_removal_is_continued() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let mut record = stored_record(&system).unwrap();
    record.phase = Phase::Removing;
    let records = Records::new(Path::new("/state"));
    let name = ServiceName::default();
    records.write(&system, &name, &record).unwrap();
    system.files.borrow_mut().remove(Path::new(UNIT));
    system.state.borrow_mut().clear();
    uninstall(
        &mut service_context(&system),
        &record,
        UninstallOptions::default(),
    )
    .unwrap();
    assert!(stored_record(&system).is_none());
    // It can be installed again as well.
    records.write(&system, &name, &record).unwrap();
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "updated"
    );
}

#[test]
fn the_log_is_kept_without_purge() {
    for purge in [false, true] {
        let system = FakeSystem::new();
        install_on(&system, &sample_request()).unwrap();
        for file in ["log.jsonl", "log.jsonl.1", "parked.json", "starts.json"] {
            system.put(&format!("/state/service/default/{file}"), "x");
        }
        let record = stored_record(&system).unwrap();
        let options = UninstallOptions {
            purge,
            ..UninstallOptions::default()
        };
        uninstall(&mut service_context(&system), &record, options).unwrap();
        let left = system.snapshot().0.len();
        assert_eq!(left, if purge { 0 } else { 2 });
    }
}

#[test]
fn a_service_without_its_manager_is_removed_only_with_force() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let record = stored_record(&system).unwrap();
    system.manager_available.set(false);
    let before = system.snapshot();
    let refused = uninstall(
        &mut service_context(&system),
        &record,
        UninstallOptions::default(),
    )
    .unwrap_err();
    assert_eq!(refused.class, Class::Unavailable);
    assert!(refused.hints.iter().any(|h| h.contains("--force")));
    assert_eq!(system.snapshot(), before);
    let forced = UninstallOptions {
        force: true,
        ..UninstallOptions::default()
    };
    let removed = uninstall(&mut service_context(&system), &record, forced).unwrap();
    assert!(removed.notes[0].contains("was not notified"));
    assert!(system.snapshot().0.is_empty());
}

#[test]
fn an_update_that_is_interrupted_twice_recognizes_its_file() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let records = Records::new(Path::new("/state"));
    let name = ServiceName::default();
    // Each was killed after it wrote the record, before it wrote the file.
    for more in ["--one", "--two"] {
        let before = stored_record(&system).unwrap();
        let mut record = sample_request().record;
        record.spec.exec.push(more.to_owned());
        let artifact = kt_plugin_api::service::Artifact {
            path: UNIT.into(),
            mode: 0o644,
            content: format!("run /bin/kt run {more}\n"),
        };
        let interrupted = record.installing(&[artifact], Some(&before));
        records.write(&system, &name, &interrupted).unwrap();
    }
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "updated"
    );
}

#[test]
fn another_backend_is_refused_for_an_installed_service() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let mut other = sample_request();
    other.record.backend = "other".to_owned();
    assert_eq!(refused(install_on(&system, &other)), "backend-mismatch");
}

#[test]
fn an_edited_file_is_backed_up_without_the_manager() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let record = stored_record(&system).unwrap();
    system.put(UNIT, "edited\n");
    system.manager_available.set(false);
    let forced = UninstallOptions {
        force: true,
        ..UninstallOptions::default()
    };
    uninstall(&mut service_context(&system), &record, forced).unwrap();
    let backed_up = system.files.borrow().iter().any(|(path, (_, bytes))| {
        path.to_string_lossy().ends_with(".edited") && bytes == b"edited\n"
    });
    assert!(backed_up);
    assert_eq!(system.text(UNIT), None);
}

#[test]
fn nothing_is_changed_if_the_manager_does_not_respond() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let (before, record) = (system.snapshot(), stored_record(&system).unwrap());
    system.manager_unresponsive.set(true);
    let error = install_on(&system, &changed()).unwrap_err();
    assert_eq!(error.id, "supervisor-unresponsive");
    for action in [Action::Stop, Action::Restart, Action::Start] {
        let outcome = perform(
            &mut service_context(&system),
            &record,
            action,
            Duration::from_secs(1),
        );
        assert_eq!(outcome.unwrap_err().id, "supervisor-unresponsive");
    }
    let forced = UninstallOptions {
        force: true,
        ..UninstallOptions::default()
    };
    let error = uninstall(&mut service_context(&system), &record, forced).unwrap_err();
    assert_eq!(error.id, "supervisor-unresponsive");
    assert_eq!(system.snapshot(), before);
}

#[test]
fn a_refresh_does_not_start_a_stopped_service() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system.state.borrow_mut().clear();
    system.reset_history();
    let mut refresh = changed();
    refresh.refresh = true;
    assert_eq!(install_on(&system, &refresh).unwrap().result, "updated");
    assert!(
        system
            .commands
            .borrow()
            .iter()
            .all(|v| v != "start" && v != "restart")
    );
}

#[test]
fn a_pending_restart_is_done_by_the_next_installation() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let mut without_start = changed();
    without_start.start = false;
    install_on(&system, &without_start).unwrap();
    assert!(stored_record(&system).unwrap().restart_pending);
    system.reset_history();
    assert_eq!(install_on(&system, &changed()).unwrap().result, "updated");
    assert!(system.commands.borrow().iter().any(|v| v == "restart"));
    assert!(!stored_record(&system).unwrap().restart_pending);
}
