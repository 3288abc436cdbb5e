use super::InstallRequest;
use super::fixtures::sample_request;
use super::{InstallOutcome, install};
use crate::context::fixtures::{service_context, stored_record};
use crate::operation::lifecycle::perform;
use crate::operation::uninstall::{UninstallOptions, uninstall};
use crate::record::{Phase, Records};
use crate::system::fake_system::{FakeSystem, UNIT};
use kt_plugin_api::service::execute::Runner as _;
use kt_plugin_api::service::{Action, ServiceName};
use kt_plugin_api::{Class, Error};
use std::path::Path;
use std::time::Duration;

const FORCED: UninstallOptions = UninstallOptions {
    force: true,
    purge: false,
};

fn install_on(system: &FakeSystem, request: &InstallRequest) -> Result<InstallOutcome, Error> {
    install(
        &mut service_context(system),
        request,
        stored_record(system).as_ref(),
    )
}

fn changed() -> InstallRequest {
    let mut request = sample_request();
    request.record.spec.exec.push("--more".to_owned());
    request
}

fn id_and_class(result: Result<InstallOutcome, Error>) -> (String, Class) {
    let error = result.unwrap_err();
    (error.id.clone(), error.class)
}

#[test]
fn a_first_install_writes_starts_and_records() {
    let system = FakeSystem::new();
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "installed"
    );
    assert_eq!(*system.commands.borrow(), ["reload", "enable", "start"]);
    assert_eq!(system.text(UNIT).unwrap(), "run /bin/kt run\n");
    let record = stored_record(&system).unwrap();
    assert_eq!((record.phase, record.files.len()), (Phase::Installed, 1));
    let mode = system.files.borrow()[Path::new("/state/service/default/service.json")].0;
    assert_eq!(mode, 0o600);
}

#[test]
fn a_second_install_changes_and_restarts_nothing() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let before = system.snapshot();
    system.reset_history();
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "unchanged"
    );
    assert_eq!(*system.commands.borrow(), Vec::<String>::new());
    assert_eq!(system.snapshot(), before);
}

#[test]
fn a_stopped_service_is_started() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system.state.borrow_mut().remove("active");
    system.reset_history();
    assert_eq!(
        install_on(&system, &sample_request()).unwrap().result,
        "updated"
    );
    assert!(system.commands.borrow().iter().all(|v| v != "restart"));
    assert!(system.state.borrow().contains("active"));
}

#[test]
fn a_changed_install_restarts() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system.reset_history();
    assert_eq!(install_on(&system, &changed()).unwrap().result, "updated");
    assert_eq!(*system.commands.borrow(), ["reload", "enable", "restart"]);
    assert!(system.text(UNIT).unwrap().contains("--more"));
}

#[test]
fn a_failure_at_any_step_rolls_back_a_first_install() {
    for step in 1..=4 {
        let system = FakeSystem::new();
        system.fail_at.set(Some(step));
        let error = install_on(&system, &sample_request()).unwrap_err();
        assert_eq!(error.class, Class::Unavailable, "step {step}");
        assert!(
            error.hints.iter().any(|h| h.contains("rolled back")),
            "step {step}: {:?}",
            error.hints
        );
        let (files, state) = system.snapshot();
        assert!(
            files.is_empty() && state.is_empty(),
            "step {step}: {files:?} {state:?}"
        );
    }
}

#[test]
fn a_failure_at_any_step_rolls_back_an_update() {
    for step in 1..=4 {
        let system = FakeSystem::new();
        install_on(&system, &sample_request()).unwrap();
        let before = system.snapshot();
        system.reset_history();
        system.fail_at.set(Some(step));
        install_on(&system, &changed()).unwrap_err();
        assert_eq!(system.snapshot(), before, "step {step}");
    }
}

#[test]
fn a_gateway_that_does_not_become_ready_is_rolled_back_with_the_reason() {
    let system = FakeSystem::with_status(|_| Err("no process listens".to_owned()));
    system.put("/log", "one\nthe port is in use\n");
    system.start_succeeds.set(false);
    let error = install_on(&system, &sample_request()).unwrap_err();
    assert_eq!(
        (&*error.id, error.class),
        ("start-failed", Class::Unavailable)
    );
    let causes = error.causes.join("\n");
    assert!(
        causes.contains("exited with code 78") && causes.contains("the port is in use"),
        "{causes}"
    );
    assert_eq!(system.text(UNIT), None);
    let system = FakeSystem::with_status(|_| Err("no process listens".to_owned()));
    let error = install_on(&system, &sample_request()).unwrap_err();
    assert_eq!(error.id, "not-ready");
    assert!(system.now() >= Duration::from_secs(5));
    assert!(system.snapshot().0.is_empty() && stored_record(&system).is_none());
}

#[test]
fn a_foreign_file_is_not_changed() {
    let system = FakeSystem::new();
    system.put(UNIT, "mine\n");
    for force in [false, true] {
        let mut request = sample_request();
        request.overwrite.force = force;
        let refused = id_and_class(install_on(&system, &request));
        assert_eq!(refused, ("foreign-unit".to_owned(), Class::Conflict));
    }
    assert_eq!(system.text(UNIT).unwrap(), "mine\n");
    assert!(system.commands.borrow().is_empty() && stored_record(&system).is_none());
}

#[test]
fn an_edited_file_is_overwritten_only_with_force_and_backed_up() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    system.put(UNIT, "edited\n");
    let refused = id_and_class(install_on(&system, &sample_request()));
    assert_eq!(refused, ("drifted".to_owned(), Class::Conflict));
    assert_eq!(system.text(UNIT).unwrap(), "edited\n");
    let mut force = sample_request();
    force.overwrite.force = true;
    let outcome = install_on(&system, &force).unwrap();
    assert!(
        outcome.notes[0].contains("a backup is in"),
        "{:?}",
        outcome.notes
    );
    assert_eq!(system.text(UNIT).unwrap(), "run /bin/kt run\n");
    let backed_up = system
        .files
        .borrow()
        .iter()
        .any(|(p, (_, b))| p.to_string_lossy().ends_with(".edited") && b == b"edited\n");
    assert!(backed_up);
}

#[test]
fn an_installation_that_was_killed_is_continued() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let mut record = stored_record(&system).unwrap();
    // kt was killed after it wrote the file, before it updated the record.
    let mut interrupted = changed().record;
    interrupted.files = record.files.clone();
    interrupted.files[0].replaces = vec![record.files[0].sha256.clone()];
    interrupted.files[0].sha256 = crate::record::sha256(b"run /bin/kt run --more\n");
    record = interrupted;
    let records = Records::new(Path::new("/state"));
    records
        .write(&system, &ServiceName::default(), &record)
        .unwrap();
    for text in ["run /bin/kt run\n", "run /bin/kt run --more\n"] {
        system.put(UNIT, text);
        system.reset_history();
        assert_eq!(
            install_on(&system, &changed()).unwrap().result,
            "updated",
            "{text}"
        );
        // The process may have been started from the previous file.
        let restarted = system
            .commands
            .borrow()
            .iter()
            .any(|command| command == "restart");
        assert!(restarted, "{text}");
        records
            .write(&system, &ServiceName::default(), &record)
            .unwrap();
    }
}

#[test]
fn another_gateway_and_an_address_in_use_are_refused() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let mut other = sample_request();
    other.record.gateway_id = "gw_bbbbbbbbbbbbbbbb".to_owned();
    assert_eq!(
        id_and_class(install_on(&system, &other)).0,
        "service-in-use"
    );
    let mut second = sample_request();
    second.record.spec.name = ServiceName::parse("edge").unwrap();
    let refused = |second: &InstallRequest| {
        id_and_class(install(&mut service_context(&system), second, None)).0
    };
    assert_eq!(refused(&second), "gateway-in-use");
    second.record.gateway_id = "gw_bbbbbbbbbbbbbbbb".to_owned();
    assert_eq!(refused(&second), "address-in-use");
    // Its health address is that of the other service.
    second.record.listen = Some("127.0.0.1:41003".to_owned());
    assert_eq!(refused(&second), "address-in-use");
}

#[test]
fn without_a_service_manager_nothing_is_written() {
    let system = FakeSystem::new();
    system.manager_available.set(false);
    let refused = id_and_class(install_on(&system, &sample_request()));
    assert_eq!(refused, ("no-supervisor".to_owned(), Class::Unavailable));
    assert!(system.snapshot().0.is_empty());
}

#[test]
fn uninstall_removes_everything_or_is_rolled_back() {
    for step in 1..=5 {
        let system = FakeSystem::new();
        install_on(&system, &sample_request()).unwrap();
        let (before, record) = (system.snapshot(), stored_record(&system).unwrap());
        system.reset_history();
        system.fail_at.set((step < 5).then_some(step));
        let outcome = uninstall(
            &mut service_context(&system),
            &record,
            UninstallOptions::default(),
        );
        if step < 5 {
            outcome.unwrap_err();
            assert_eq!(system.snapshot(), before, "step {step}");
        } else {
            outcome.unwrap();
            assert!(system.snapshot().0.is_empty() && system.snapshot().1.is_empty());
        }
    }
}

#[test]
fn an_edited_file_is_not_removed_without_force() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let record = stored_record(&system).unwrap();
    system.put(UNIT, "edited\n");
    let error = uninstall(
        &mut service_context(&system),
        &record,
        UninstallOptions::default(),
    )
    .unwrap_err();
    assert_eq!((&*error.id, error.class), ("drifted", Class::Conflict));
    uninstall(&mut service_context(&system), &record, FORCED).unwrap();
    assert_eq!(system.text(UNIT), None);
}

#[test]
fn start_and_stop_are_idempotent() {
    let system = FakeSystem::new();
    install_on(&system, &sample_request()).unwrap();
    let record = stored_record(&system).unwrap();
    let act = |action| {
        let outcome = perform(
            &mut service_context(&system),
            &record,
            action,
            Duration::from_secs(1),
        );
        outcome.unwrap().result
    };
    assert_eq!(act(Action::Start), "already running");
    assert_eq!(act(Action::Stop), "stopped");
    assert_eq!(act(Action::Stop), "already stopped");
    assert_eq!(act(Action::Start), "started");
    assert_eq!(act(Action::Restart), "restarted");
}
