use super::world::World;
use crate::backend::Launchd;
use crate::job::tests::{spec, system};
use kt_plugin_api::service::execute::{AppliedPlan, apply, run_probes};
use kt_plugin_api::service::{
    Action, ActiveState, Availability, DetectRequest, InspectRequest, InspectTarget,
    ObserveRequest, Plan, RenderOptions, RenderRequest, ServiceBackend, ServiceStatus,
};

pub(super) const LABEL: &str = "dev.kt.gateway";
pub(super) const PLIST: &str = "/Users/u/Library/LaunchAgents/dev.kt.gateway.plist";

pub(super) fn observe(world: &World) -> ServiceStatus {
    let spec = spec();
    let subject = InspectTarget::Service {
        family: spec.family.clone(),
        name: spec.name.clone(),
    };
    let probes = Launchd
        .inspect(&InspectRequest {
            target: subject,
            system: system(),
        })
        .unwrap();
    let request = ObserveRequest {
        family: spec.family,
        name: spec.name,
        system: system(),
        results: run_probes(world, &probes),
        spec: None,
    };
    Launchd.observe(&request).unwrap()
}

pub(super) fn plan(world: &World, action: Action, options: RenderOptions) -> Plan {
    let request = RenderRequest {
        action,
        spec: spec(),
        system: system(),
        status: Some(observe(world)),
        options,
    };
    Launchd.render(&request).unwrap()
}

/// Acts as a transaction; says which step failed and what could not be taken
/// back.
pub(super) fn act(
    world: &World,
    action: Action,
    start: bool,
) -> Result<AppliedPlan, (String, Vec<String>)> {
    let options = RenderOptions {
        start,
        ..RenderOptions::default()
    };
    apply(world, &plan(world, action, options))
        .map_err(|failure| (failure.step.id, failure.undo_log.undo(world)))
}

pub(super) fn activity(world: &World) -> ActiveState {
    observe(world).active_state
}

#[test]
fn a_life_from_install_to_uninstall() {
    let world = World::new();
    act(&world, Action::Install, true).unwrap();
    assert_eq!(activity(&world), ActiveState::Active);
    act(&world, Action::Stop, true).unwrap();
    let stopped = observe(&world);
    assert_eq!(
        (stopped.active_state, stopped.loaded),
        (ActiveState::Inactive, Some(true))
    );
    act(&world, Action::Stop, true).unwrap();
    act(&world, Action::Start, true).unwrap();
    act(&world, Action::Start, true).unwrap();
    assert_eq!(activity(&world), ActiveState::Active);
    let pid = observe(&world).pid;
    act(&world, Action::Restart, true).unwrap();
    assert!(observe(&world).pid.is_some_and(|new| Some(new) != pid));
    act(&world, Action::Uninstall, true).unwrap();
    let gone = observe(&world);
    assert_eq!((gone.installed, gone.loaded), (Some(false), Some(false)));
    act(&world, Action::Uninstall, true).unwrap();
}

#[test]
fn a_reinstall_waits_until_the_earlier_agent_is_gone() {
    let world = World::new();
    act(&world, Action::Install, true).unwrap();
    world.draining_takes(6_000);
    act(&world, Action::Install, true).unwrap();
    assert_eq!(activity(&world), ActiveState::Active);
    assert!(world.now_ms() >= 6_000);
}

#[test]
fn an_agent_that_was_disabled_is_enabled_first() {
    let world = World::new();
    world.disable(LABEL);
    act(&world, Action::Install, true).unwrap();
    assert_eq!(
        (activity(&world), observe(&world).enabled),
        (ActiveState::Active, Some(true))
    );
}

#[test]
fn a_failed_first_load_leaves_nothing_behind() {
    let world = World::new();
    world.fail_next("bootstrap", 125);
    let failed = act(&world, Action::Install, true).unwrap_err();
    assert_eq!(failed, ("bootstrap".to_owned(), Vec::new()));
    assert_eq!(world.file(PLIST), None);
}

#[test]
fn a_failed_reload_brings_the_earlier_agent_back() {
    let world = World::new();
    act(&world, Action::Install, true).unwrap();
    world.spoil(PLIST);
    world.fail_next("bootstrap", 125);
    let failed = act(&world, Action::Install, true).unwrap_err();
    assert_eq!(failed, ("bootstrap".to_owned(), Vec::new()));
    assert_eq!(activity(&world), ActiveState::Active);
    assert_eq!(world.loaded_list().unwrap(), b"spoilt", "as the file was");
}

#[test]
fn an_install_that_is_taken_back_later_leaves_the_earlier_agent() {
    let world = World::new();
    act(&world, Action::Install, true).unwrap();
    world.spoil(PLIST);
    world.draining_takes(3_000);
    let applied = act(&world, Action::Install, true).unwrap();
    assert_eq!(applied.undo_log.undo(&world), Vec::<String>::new());
    assert_eq!(activity(&world), ActiveState::Active);
    assert_eq!(world.loaded_list().unwrap(), b"spoilt");
}

#[test]
fn installed_without_a_start_it_waits_for_the_next_login() {
    let world = World::new();
    act(&world, Action::Install, false).unwrap();
    let seen = observe(&world);
    assert_eq!((seen.installed, seen.loaded), (Some(true), Some(false)));
    act(&world, Action::Start, true).unwrap();
    assert_eq!(activity(&world), ActiveState::Active);
}

#[test]
fn without_a_session_detection_says_so() {
    let world = World::new();
    let detect = |world: &World| {
        let request = InspectRequest {
            target: InspectTarget::Supervisor,
            system: system(),
        };
        let results = run_probes(world, &Launchd.inspect(&request).unwrap());
        let system = system();
        Launchd.detect(&DetectRequest { system, results }).unwrap()
    };
    let found = detect(&world);
    assert_eq!(found.availability, Availability::Available);
    assert_eq!(
        (&*found.supervisor, found.version),
        ("launchd (macOS 14.5)", Some(14))
    );
    world.log_out();
    let found = detect(&world);
    assert_eq!(found.availability, Availability::Unavailable);
    assert_eq!(found.reasons[0].code, "no-gui-session");
}
