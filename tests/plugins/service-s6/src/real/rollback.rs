//! A plan that fails leaves everything as it was.

use super::asking::LONG;
use super::machine::Machine;
use kt_plugin_api::service::execute::apply;
use kt_plugin_api::service::{
    Action, ActiveState, ExecSpec, ServiceStatus, Plan, RenderOptions, ServiceSpec, Step, StepAction,
};
use std::collections::BTreeMap;
use std::fs;

/// Adds a step that fails after the first `index` steps.
fn failing(mut plan: Plan, index: usize) -> Plan {
    let run = ExecSpec::new(&["false"], BTreeMap::new(), 1_000);
    plan.steps
        .insert(index, Step::new("fail", "fail", StepAction::Run(run)));
    plan
}

/// Whatever a plan did before it failed, afterwards everything is as it was.
fn every_failure_is_taken_back(machine: &Machine, action: Action, spec: &ServiceSpec) {
    let options = RenderOptions::default();
    let steps = machine.plan(action, spec, options.clone()).steps.len();
    let (files, was) = (machine.files(), machine.observe());
    for index in 0..=steps {
        let plan = failing(machine.plan(action, spec, options.clone()), index);
        let failure = apply(machine, &plan).unwrap_err();
        assert_eq!(failure.step.id, "fail", "{}", failure.why);
        assert_eq!(failure.undo_log.undo(machine), Vec::<String>::new());
        // An empty `sv` is no trace of a service.
        let mut left = machine.files();
        left.retain(|path, _| files.contains_key(path) || !path.ends_with("/sv"));
        assert_eq!(left, files, "{action:?} failed at {index}");
        let now = machine.becomes(was.active);
        let state = |o: &ServiceStatus| (o.installed, o.loaded, o.enabled);
        assert_eq!(state(&now), state(&was), "{action:?} failed at {index}");
    }
}

#[test]
fn a_first_install_is_taken_back_whole() {
    let Some(machine) = Machine::new() else {
        return;
    };
    every_failure_is_taken_back(&machine, Action::Install, &machine.service(LONG));
}

#[test]
fn a_changed_install_and_an_uninstall_are_taken_back_whole() {
    let Some(machine) = Machine::new() else {
        return;
    };
    machine.act(Action::Install, &machine.service(LONG));
    let changed = machine.service("exec sleep 601");
    every_failure_is_taken_back(&machine, Action::Install, &changed);
    every_failure_is_taken_back(&machine, Action::Uninstall, &machine.service(LONG));
    machine.act(Action::Stop, &changed);
    every_failure_is_taken_back(&machine, Action::Install, &changed);
    every_failure_is_taken_back(&machine, Action::Uninstall, &changed);
}

#[test]
fn what_a_person_did_meanwhile_is_mended_or_taken_back() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let (spec, place) = (machine.service(LONG), machine.place());
    machine.act(Action::Install, &spec);
    fs::write(place.file("down"), "").unwrap();
    assert_eq!(machine.observe().enabled, Some(false));
    every_failure_is_taken_back(&machine, Action::Install, &spec);
    machine.act(Action::Install, &spec);
    assert_eq!(machine.observe().enabled, Some(true));
    fs::remove_file(&place.entry).unwrap();
    assert_eq!(machine.observe().enabled, Some(false));
    every_failure_is_taken_back(&machine, Action::Install, &spec);
    machine.act(Action::Install, &spec);
    let seen = machine.observe();
    assert_eq!((seen.enabled, seen.active), (Some(true), ActiveState::Active));
    // What is the person's stays.
    fs::write(place.file("notes"), "mine").unwrap();
    machine.act(Action::Uninstall, &spec);
    let left: Vec<_> = fs::read_dir(&place.dir).unwrap().collect();
    assert_eq!(left.len(), 1);
}
