//! Random operations on a store, and their results as text that can be compared.

use std::time::Duration;

use kt_control_api::{AppliedVersion, DriftPolicy, GatewayId, GatewayPatch, RevertRequest};
use proptest::prelude::*;

use super::fixture::{after, change, gateway, keyed, report, version};
use crate::store::{
    ChangeContext, GatewayAction, GatewayFilter, GatewayRef, HaltChange, PruneOptions,
    ReportReceipt, Store,
};

/// An operation. Gateways are referred to by letters, or by the number of their creation.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Create(char),
    Rename(Target, char),
    Label(Target, char, bool),
    Drift(Target, bool),
    Delete(Target),
    Publish(Target, char),
    Revert(Target, u64),
    Reload(Target),
    Reconcile(Target, bool),
    Halt(Target, bool),
    Pin(Target, u64, bool),
    Prune(Target, u64, bool),
    Report(Target, usize, u64, bool),
}

/// A reference to a gateway.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Named(char),
    Created(usize),
}

/// An operation and its conditions.
#[derive(Debug, Clone)]
pub(super) struct Step {
    operation: Operation,
    if_match: Option<u64>,
    key: Option<(char, u8)>,
    later: u64,
}

/// Generates sequences of operations in which names, keys and revisions often collide.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let letter = prop::char::range('a', 'c');
    let target = prop_oneof![
        letter.clone().prop_map(Target::Named),
        (0_usize..4).prop_map(Target::Created)
    ];
    let operation = prop_oneof![
        3 => letter.clone().prop_map(Operation::Create),
        1 => (target.clone(), letter.clone()).prop_map(|(t, c)| Operation::Rename(t, c)),
        1 => (target.clone(), letter.clone(), any::<bool>())
            .prop_map(|(t, c, set)| Operation::Label(t, c, set)),
        1 => (target.clone(), any::<bool>()).prop_map(|(t, repair)| Operation::Drift(t, repair)),
        1 => target.clone().prop_map(Operation::Delete),
        4 => (target.clone(), letter.clone()).prop_map(|(t, c)| Operation::Publish(t, c)),
        2 => (target.clone(), 0_u64..5).prop_map(|(t, n)| Operation::Revert(t, n)),
        1 => target.clone().prop_map(Operation::Reload),
        1 => (target.clone(), any::<bool>()).prop_map(|(t, dry)| Operation::Reconcile(t, dry)),
        1 => (target.clone(), any::<bool>()).prop_map(|(t, halt)| Operation::Halt(t, halt)),
        1 => (target.clone(), 0_u64..4, any::<bool>()).prop_map(|(t, n, pin)| Operation::Pin(t, n, pin)),
        1 => (target.clone(), 1_u64..3, any::<bool>())
            .prop_map(|(t, keep, dry)| Operation::Prune(t, keep, dry)),
        2 => (target, 0_usize..3, 0_u64..6, any::<bool>())
            .prop_map(|(t, i, seq, applied)| Operation::Report(t, i, seq, applied)),
    ];
    let if_match = prop_oneof![4 => Just(None), 1 => (0_u64..5).prop_map(Some)];
    let key = prop_oneof![3 => Just(None), 1 => (letter, 0_u8..2).prop_map(Some)];
    let later = prop_oneof![9 => 0_u64..3, 1 => Just(24 * 3600)];
    let step =
        (operation, if_match, key, later).prop_map(|(operation, if_match, key, later)| Step {
            operation,
            if_match,
            key,
            later,
        });
    prop::collection::vec(step, 1..40)
}

/// What both stores get besides the operations: ids and the time.
pub(super) struct OperationRunner {
    ids: Vec<GatewayId>,
    time: Duration,
}

impl OperationRunner {
    pub(super) fn new() -> Self {
        Self {
            ids: Vec::new(),
            time: Duration::ZERO,
        }
    }

    /// Runs an operation on both stores, and returns the results.
    pub(super) fn run(&mut self, step: &Step, stores: [&dyn Store; 2]) -> [String; 2] {
        self.time += Duration::from_secs(step.later);
        let mut change = match step.key {
            // The kind of the request is part of what the key stands for, and prunes have their
            // own.
            Some((key, request)) => {
                let prune = matches!(step.operation, Operation::Prune(..));
                keyed(&key.to_string(), request + if prune { 2 } else { 0 })
            }
            None => change(),
        };
        change.if_match = step.if_match;
        let change = after(change, self.time);
        if let Operation::Create(name) = step.operation {
            let mut new = gateway(&format!("g{name}"));
            new.version.take_if(|_| name == 'c');
            self.ids.push(new.gateway.id.clone());
            return stores.map(|store| format!("{:?}", store.create(&change, &new)));
        }
        stores.map(|store| self.run_on(&step.operation, &change, store))
    }

    fn run_on(&self, operation: &Operation, change: &ChangeContext, store: &dyn Store) -> String {
        let patch = |name: Option<String>, label: Option<(char, bool)>| GatewayPatch {
            name,
            labels: label.map(|(key, set)| [(key.to_string(), set.then(|| "x".to_owned()))].into()),
            ..GatewayPatch::default()
        };
        match operation {
            Operation::Create(_) => String::new(),
            Operation::Rename(target, name) => {
                let patch = patch(Some(format!("g{name}")), None);
                format!("{:?}", store.update(change, &self.key(target), &patch))
            }
            Operation::Label(target, label, set) => {
                let patch = patch(None, Some((*label, *set)));
                format!("{:?}", store.update(change, &self.key(target), &patch))
            }
            Operation::Drift(target, repair) => {
                let policies = [DriftPolicy::Report, DriftPolicy::Repair];
                let patch = GatewayPatch {
                    drift: Some(policies[usize::from(*repair)]),
                    ..GatewayPatch::default()
                };
                format!("{:?}", store.update(change, &self.key(target), &patch))
            }
            Operation::Delete(target) => format!("{:?}", store.delete(change, &self.key(target))),
            Operation::Publish(target, text) => {
                let new = version(&text.to_string());
                format!("{:?}", store.publish(change, &self.key(target), &new))
            }
            Operation::Revert(target, version) => {
                let revert = RevertRequest {
                    version: *version,
                    reason: None,
                };
                format!("{:?}", store.revert(change, &self.key(target), &revert))
            }
            Operation::Reload(target) => {
                let ask = GatewayAction::Reload { message: None };
                format!("{:?}", store.act(change, &self.key(target), &ask))
            }
            Operation::Reconcile(target, dry_run) => {
                let ask = GatewayAction::Reconcile {
                    dry_run: *dry_run,
                    reason: None,
                };
                format!("{:?}", store.act(change, &self.key(target), &ask))
            }
            Operation::Halt(target, true) => {
                let halt = GatewayAction::Halt(HaltChange::Halt {
                    reason: "leak".to_owned(),
                    until: Some(change.now + Duration::from_secs(1)),
                });
                format!("{:?}", store.act(change, &self.key(target), &halt))
            }
            Operation::Halt(target, false) => {
                let unhalt = GatewayAction::Halt(HaltChange::Unhalt { reason: None });
                format!("{:?}", store.act(change, &self.key(target), &unhalt))
            }
            Operation::Pin(target, version, pin) => {
                format!("{:?}", store.pin(change, &self.key(target), *version, *pin))
            }
            Operation::Prune(target, keep, dry_run) => {
                let prune = PruneOptions {
                    keep: *keep,
                    dry_run: *dry_run,
                    reason: None,
                };
                format!("{:?}", store.prune(change, &self.key(target), &prune))
            }
            Operation::Report(target, instance, seq, applied) => {
                let mut report = report(*instance, *seq);
                report.applied = applied.then(|| AppliedVersion {
                    version: Some(1),
                    sha256: version("first").sha256,
                    generation: *seq,
                    at: change.now,
                });
                let reported = store.report(change.now, &self.key(target), &report);
                // Each store has an epoch of its own.
                let reported = reported.map(|receipt| ReportReceipt {
                    epoch: String::new(),
                    ..receipt
                });
                format!("{reported:?}")
            }
        }
    }

    fn key(&self, target: &Target) -> GatewayRef {
        match target {
            Target::Named(name) => GatewayRef::Name(format!("g{name}")),
            Target::Created(number) => match self.ids.get(*number) {
                Some(id) => GatewayRef::Id(id.clone()),
                None => GatewayRef::Name("missing".to_owned()),
            },
        }
    }

    /// Formats everything that the store returns.
    pub(super) fn state(&self, store: &dyn Store) -> String {
        let all = GatewayFilter {
            limit: 1000,
            ..GatewayFilter::default()
        };
        let mut state = format!("{:#?}", store.list(&all));
        for id in &self.ids {
            let versions = store.versions(id, None, 1000).unwrap();
            for version in &versions {
                state += &format!("{:?}", store.content(id, version.version));
            }
            state += &format!("{versions:#?}");
            state += &format!("{:?}", store.find(&GatewayRef::Id(id.clone())).map(|_| ()));
        }
        state
    }
}
