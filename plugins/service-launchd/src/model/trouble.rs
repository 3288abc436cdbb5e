//! Agents that do not do as they are told, and versions of launchd that differ.

use super::job::{End, Manners};
use super::tests::{LABEL, PLIST, act, activity, observe, plan};
use super::world::{Codes, World};
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{Action, ActiveState, RenderOptions};

/// A world in which the agent runs.
fn installed() -> World {
    let world = World::new();
    act(&world, Action::Install, true).unwrap();
    assert_eq!(activity(&world), ActiveState::Active);
    world.ran.borrow_mut().clear();
    world
}

fn ran(world: &World, verb: &str) -> usize {
    let ran = world.ran.borrow();
    ran.iter().filter(|line| line.starts_with(verb)).count()
}

#[test]
fn a_crashed_agent_comes_back_and_a_clean_end_is_final() {
    let world = installed();
    world.end_process(End::Code(1));
    assert_eq!(activity(&world), ActiveState::Restarting);
    world.pass(10_000);
    let again = observe(&world);
    assert_eq!(
        (again.active_state, again.restarts),
        (ActiveState::Active, None)
    );
    world.end_process(End::Code(0));
    world.pass(60_000);
    assert_eq!(activity(&world), ActiveState::Inactive);
}

#[test]
fn a_reinstall_waits_as_long_as_requests_in_flight_may_take() {
    for waits in [false, true] {
        let world = installed();
        world.manners.set(Manners::Ends(End::Code(0), 30_000));
        let codes = Codes {
            bootout_waits: waits,
            ..world.codes.get()
        };
        world.codes.set(codes);
        let applied = act(&world, Action::Install, true).unwrap();
        assert_eq!(applied.warnings, Vec::<String>::new());
        assert_eq!(observe(&world).last_exit, None, "it is a new agent");
        assert!((30_000..35_000).contains(&world.now_ms()));
    }
}

#[test]
fn a_reinstall_ends_even_what_hangs() {
    for waits in [false, true] {
        let world = installed();
        world.manners.set(Manners::Deaf);
        let codes = Codes {
            bootout_waits: waits,
            ..world.codes.get()
        };
        world.codes.set(codes);
        let pid = observe(&world).pid;
        let applied = act(&world, Action::Install, true).unwrap();
        assert_eq!(applied.warnings.len(), 1);
        let new = observe(&world);
        assert!(new.active_state == ActiveState::Active && new.pid != pid);
    }
}

#[test]
fn every_version_is_understood() {
    let world = World::new();
    world.run_at_load.set(false);
    world.draining_takes(2_000);
    world.codes.set(Codes {
        busy: 37,
        bootout: 36,
        bootout_waits: false,
        running: 37,
    });
    for action in [
        Action::Install,
        Action::Install,
        Action::Start,
        Action::Restart,
    ] {
        act(&world, action, true).unwrap();
        assert_eq!(activity(&world), ActiveState::Active, "{action:?}");
    }
    act(&world, Action::Uninstall, true).unwrap();
    assert_eq!(observe(&world).loaded, Some(false));
}

#[test]
fn a_stop_leaves_it_loaded_and_is_no_unloading() {
    let world = installed();
    act(&world, Action::Stop, true).unwrap();
    assert_eq!((ran(&world, "kill"), ran(&world, "bootout")), (1, 0));
    act(&world, Action::Start, true).unwrap();
    assert_eq!(ran(&world, "bootstrap"), 0);
}

/// What launchd would start again, or what hangs, is unloaded.
#[test]
fn a_stop_is_final_whatever_the_process_does() {
    for manners in [
        Manners::Ends(End::Code(143), 250),
        Manners::Ends(End::Signal(15), 250),
        Manners::Deaf,
    ] {
        let world = installed();
        world.manners.set(manners);
        let applied = act(&world, Action::Stop, true).unwrap();
        assert_eq!(
            applied.warnings.len(),
            usize::from(manners == Manners::Deaf)
        );
        world.pass(60_000);
        let down = observe(&world);
        assert_eq!(
            (down.active_state, down.loaded),
            (ActiveState::Inactive, Some(false)),
            "{manners:?}"
        );
        world.manners.set(Manners::default());
        act(&world, Action::Start, true).unwrap();
        assert_eq!(activity(&world), ActiveState::Active);
    }
}

#[test]
fn a_stop_between_two_tries_is_final() {
    let world = installed();
    world.end_process(End::Signal(9));
    let seen = observe(&world);
    assert_eq!(
        (seen.active_state, &*seen.sub_state),
        (ActiveState::Restarting, "spawn scheduled")
    );
    act(&world, Action::Stop, true).unwrap();
    world.pass(60_000);
    assert_eq!(activity(&world), ActiveState::Inactive);
    act(&world, Action::Start, true).unwrap();
    assert_eq!(activity(&world), ActiveState::Active);
}

#[test]
fn a_restart_works_from_everywhere() {
    let cases: [fn(&World); 5] = [
        |_| {},
        |world| world.end_process(End::Code(0)),
        |world| world.end_process(End::Code(7)),
        |world| world.manners.set(Manners::Ends(End::Code(143), 250)),
        |world| {
            act(world, Action::Uninstall, true).unwrap();
            world.spoil(PLIST);
        },
    ];
    for (case, prepare) in cases.into_iter().enumerate() {
        let world = installed();
        let pid = observe(&world).pid;
        prepare(&world);
        act(&world, Action::Restart, true).unwrap();
        let seen = observe(&world);
        assert_eq!(seen.active_state, ActiveState::Active, "{case}");
        assert_ne!(seen.pid, pid, "{case}");
    }
}

/// Somebody else unloads it, and it takes its time.
#[test]
fn what_is_on_its_way_out_is_waited_for() {
    for action in [
        Action::Start,
        Action::Stop,
        Action::Restart,
        Action::Install,
    ] {
        let world = installed();
        world.manners.set(Manners::Ends(End::Code(0), 20_000));
        world.launchctl(
            &["bootout", &format!("gui/501/{LABEL}")],
            std::time::Duration::ZERO,
        );
        assert_eq!(activity(&world), ActiveState::Deactivating);
        act(&world, action, true).unwrap();
        let expected = match action {
            Action::Stop => ActiveState::Inactive,
            _ => ActiveState::Active,
        };
        assert_eq!(activity(&world), expected, "{action:?}");
        assert_eq!(ran(&world, "kill SIGTERM"), 0, "{action:?}");
    }
}

#[test]
fn what_runs_and_has_not_changed_is_left_alone() {
    let world = installed();
    let pid = observe(&world).pid;
    let options = RenderOptions {
        files_changed: false,
        ..RenderOptions::default()
    };
    apply(&world, &plan(&world, Action::Install, options)).unwrap();
    assert_eq!(observe(&world).pid, pid);
}

/// Whenever a kt is interrupted on the way, what ran runs again, with the list
/// it had.
#[test]
fn an_interrupted_change_is_taken_back_whole() {
    for action in [Action::Install, Action::Uninstall] {
        for checks in 0.. {
            let world = installed();
            // What runs was loaded from another list.
            act(&world, Action::Uninstall, true).unwrap();
            world.spoil(PLIST);
            act(&world, Action::Start, true).unwrap();
            world.draining_takes(3_000);
            let plan = plan(&world, action, RenderOptions::default());
            world.interrupt_after(checks);
            let Err(failure) = apply(&world, &plan) else {
                assert!(checks > 5, "{action:?}");
                break;
            };
            let left = failure.undo_log.undo(&world);
            assert_eq!(left, Vec::<String>::new(), "{action:?} after {checks}");
            assert_eq!(
                activity(&world),
                ActiveState::Active,
                "{action:?} after {checks}"
            );
            assert_eq!(world.loaded_list().unwrap(), b"spoilt");
            assert_eq!(world.file(PLIST).unwrap().1, b"spoilt");
        }
    }
}

#[test]
fn a_first_install_that_is_taken_back_later_leaves_nothing() {
    let world = World::new();
    let applied = act(&world, Action::Install, true).unwrap();
    assert_eq!(applied.undo_log.undo(&world), Vec::<String>::new());
    let gone = observe(&world);
    assert_eq!((gone.loaded, gone.installed), (Some(false), Some(false)));
}

#[test]
fn a_failed_change_starts_nothing_that_was_stopped() {
    for action in [Action::Install, Action::Uninstall] {
        let world = installed();
        act(&world, Action::Stop, true).unwrap();
        let failing = match action {
            Action::Install => "bootstrap",
            _ => "bootout",
        };
        world.fail_next(failing, 1);
        act(&world, action, true).unwrap_err();
        world.pass(60_000);
        assert_eq!(activity(&world), ActiveState::Inactive, "{action:?}");
        assert!(world.file(PLIST).is_some());
    }
}

#[test]
fn a_failed_first_install_leaves_it_disabled_as_it_was() {
    let world = World::new();
    world.disable(LABEL);
    world.fail_next("bootstrap", 1);
    let failed = act(&world, Action::Install, true).unwrap_err();
    assert_eq!(failed, ("bootstrap".to_owned(), Vec::new()));
    assert_eq!(observe(&world).enabled, Some(false));
}

#[test]
fn without_a_session_the_file_can_still_be_removed() {
    let world = installed();
    world.log_out();
    assert!(!observe(&world).reachable);
    act(&world, Action::Uninstall, true).unwrap();
    assert_eq!(world.file(PLIST), None);
    let refused = act(&world, Action::Install, true).unwrap_err();
    assert_eq!(refused, ("enable".to_owned(), Vec::new()));
}
