//! Lists by state: the same as the state of each gateway in the list of all.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use kt_control_api::{
    AppliedVersion, GatewayPatch, InstanceId, ProcessIdentity, StatusReport, SyncState, Timestamp,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::fixture::{StoreFixture, after, bare, change, gateway, now, report, version};
use super::state_histories::{Answer, AnswerContent, Operation, operations};
use crate::fixture::{rejecting, serving};
use crate::store::{
    GatewayAction, GatewayFilter, GatewayRef, GatewaySnapshot, HaltChange, LeaseRenewal,
    ListedState, StateFilter, Store,
};

/// A history of three gateways, of which one begins without a version.
struct History<'a> {
    fixture: &'a dyn StoreFixture,
    store: Box<dyn Store>,
    names: [String; 3],
    now: Timestamp,
    seq: u64,
    last: BTreeMap<(usize, usize), StatusReport>,
    /// Leases that were renewed, and are stored later.
    renewed: BTreeMap<(usize, usize), LeaseRenewal>,
}

impl<'a> History<'a> {
    fn new(fixture: &'a dyn StoreFixture, number: u32) -> Self {
        let store = fixture.open();
        let names = ["a", "b", "c"].map(|letter| format!("h{number}-{letter}"));
        for name in &names {
            let new = if name.ends_with('c') {
                bare(name)
            } else {
                gateway(name)
            };
            store.create(&change(), &new).unwrap();
        }
        Self {
            fixture,
            store,
            names,
            now: now(),
            seq: 0,
            last: BTreeMap::new(),
            renewed: BTreeMap::new(),
        }
    }

    fn key(&self, gateway: usize) -> GatewayRef {
        GatewayRef::Name(self.names[gateway].clone())
    }

    fn run(&mut self, operation: &Operation) {
        let change = after(change(), self.now.duration_since(now()).unsigned_abs());
        let act = |gateway: &usize, action: &GatewayAction| {
            drop(self.store.act(&change, &self.key(*gateway), action));
        };
        match operation {
            Operation::Report(gateway, answer) => self.report(*gateway, answer),
            Operation::Publish(gateway, text) => {
                let new = version(&format!("text {text}"));
                drop(self.store.publish(&change, &self.key(*gateway), &new));
            }
            Operation::Reload(gateway) => act(gateway, &GatewayAction::Reload { message: None }),
            Operation::Halt(gateway, seconds) => {
                let until = seconds.map(|seconds| self.now + Duration::from_secs(seconds));
                let reason = "leak".to_owned();
                let halt = HaltChange::Halt { reason, until };
                act(gateway, &GatewayAction::Halt(halt));
            }
            Operation::Unhalt(gateway) => {
                let unhalt = HaltChange::Unhalt { reason: None };
                act(gateway, &GatewayAction::Halt(unhalt));
            }
            Operation::Rename(gateway) => {
                let name = format!("{}x", self.names[*gateway]);
                let patch = GatewayPatch {
                    name: Some(name.clone()),
                    ..GatewayPatch::default()
                };
                let renamed = self.store.update(&change, &self.key(*gateway), &patch);
                if renamed.is_ok() {
                    self.names[*gateway] = name;
                }
            }
            Operation::Label(gateway) => {
                let patch = GatewayPatch {
                    labels: Some([("zone".to_owned(), Some("a".to_owned()))].into()),
                    ..GatewayPatch::default()
                };
                drop(self.store.update(&change, &self.key(*gateway), &patch));
            }
            Operation::Delete(gateway) => {
                drop(self.store.delete(&change, &self.key(*gateway)));
            }
            Operation::Settle => self.settle(),
            Operation::StoreLeases => self.store_leases(),
            Operation::Restart => {
                self.store = self.fixture.open();
                self.renewed.clear();
            }
            Operation::ReportOfOlder(gateway, instance) => {
                let id = report(*instance, 1).instance_id;
                let sql = format!(
                    "UPDATE {} SET report = report, lease_until = lease_until + 7000000
                     WHERE instance_id = '{id}' AND gateway_id =
                       (SELECT id FROM {} WHERE name = '{}')",
                    self.fixture.table("instances"),
                    self.fixture.table("gateways"),
                    self.names[*gateway]
                );
                assert!(self.fixture.tamper(&sql), "{sql}");
            }
            Operation::Advance(seconds) => {
                self.store_leases();
                self.now += Duration::from_secs(*seconds);
            }
        }
    }

    fn report(&mut self, gateway: usize, answer: &Answer) {
        let Ok(found) = self.store.find(&self.key(gateway)) else {
            return;
        };
        self.seq += 1;
        let found = found.view(self.now);
        let base = StatusReport {
            lease_seconds: answer.lease,
            process: answer.process.identity(),
            ..report(answer.instance, self.seq)
        };
        let applied = |generation: u64, drifted: bool| {
            let mut applied = found.desired.as_ref().map(|_| serving(1, &found).applied);
            if let Some(Some(AppliedVersion { sha256, .. })) = applied.as_mut().filter(|_| drifted)
            {
                *sha256 = version("drifted").sha256;
            }
            let mut applied = applied.flatten();
            if let Some(applied) = &mut applied {
                applied.generation = generation;
            }
            applied
        };
        let place = (gateway, answer.instance);
        let new = match answer.content {
            AnswerContent::Nothing => base,
            AnswerContent::InSync => StatusReport {
                applied: applied(found.generation, false),
                ..base
            },
            AnswerContent::Drifted => StatusReport {
                applied: applied(found.generation, true),
                ..base
            },
            AnswerContent::Ahead => StatusReport {
                applied: applied(found.generation + 1, false),
                ..base
            },
            AnswerContent::Rejected => rejecting(base, &found),
            AnswerContent::Same => {
                let last = self.last.get(&place).cloned();
                let seq = base.seq;
                StatusReport {
                    seq,
                    ..last.unwrap_or(base)
                }
            }
            AnswerContent::Stopping => StatusReport {
                stopping: true,
                ..base
            },
        };
        let later = self.store.lease_renewal(self.now, &found.id, &new);
        match later.unwrap().filter(|_| answer.is_stored_later) {
            Some((_, renewal)) => drop(self.renewed.insert(place, renewal)),
            None => {
                let stored = self.store.report(self.now, &self.key(gateway), &new);
                drop(stored.unwrap());
            }
        }
        drop(self.last.insert(place, new));
    }

    fn store_leases(&mut self) {
        let renewed = std::mem::take(&mut self.renewed);
        let renewed: Vec<_> = renewed.into_values().collect();
        self.store.renew_leases(&renewed).unwrap();
    }

    fn settle(&self) {
        while self.store.has_unsettled_states(self.now).unwrap() {
            self.store.settle_states(self.now).unwrap();
        }
    }

    /// Returns the gateways in a state, found by it, and how many were looked at for that.
    fn found(&self, state: ListedState, at: Timestamp, label: bool) -> (Vec<String>, usize) {
        let mut filter = GatewayFilter {
            labels: labels(label),
            state: Some(StateFilter {
                state,
                now: at,
                boot_id: ProcessIdentity::current_boot_id(),
            }),
            limit: 2,
            ..GatewayFilter::default()
        };
        let (mut names, mut seen) = (Vec::new(), 0);
        loop {
            let page = self.store.list(&filter).unwrap();
            seen += page.len();
            filter.after = page.last().map(|last| last.gateway.name.clone());
            names.extend(in_state(&page, state, at));
            if page.len() < filter.limit {
                return (names, seen);
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for (at, label) in [-60_i64, -3, 0, 1, 29, 61]
            .into_iter()
            .flat_map(|seconds| [(seconds, false), (seconds, true)])
            .map(|(seconds, label)| (self.now + jiff::SignedDuration::from_secs(seconds), label))
        {
            let all = GatewayFilter {
                labels: labels(label),
                limit: 10_000,
                ..GatewayFilter::default()
            };
            let all = self.store.list(&all).unwrap();
            for state in states() {
                let expected: Vec<_> = in_state(&all, state, at).collect();
                let (found, _) = self.found(state, at, label);
                prop_assert_eq!(found, expected, "{:?} at {}", state, at);
            }
        }
        Ok(())
    }

    /// Once states are settled, only gateways in the state are looked at, and those with a process
    /// on this machine.
    fn check_settled(&self) -> Result<(), TestCaseError> {
        self.settle();
        let sql = format!(
            "SELECT count(DISTINCT gateway_id) FROM {} WHERE boot_id IS NOT NULL",
            self.fixture.table("instances")
        );
        let local = usize::try_from(self.fixture.count(&sql)).unwrap();
        for state in states() {
            let (found, seen) = self.found(state, self.now, false);
            prop_assert!(seen <= found.len() + local, "{:?}: {} seen", state, seen);
        }
        Ok(())
    }
}

fn labels(label: bool) -> BTreeMap<String, String> {
    let zone = label.then(|| ("zone".to_owned(), "a".to_owned()));
    zone.into_iter().collect()
}

fn states() -> impl Iterator<Item = ListedState> {
    let all = SyncState::ALL.iter().copied().map(ListedState::Sync);
    all.chain([ListedState::Halted])
}

fn in_state(
    list: &[GatewaySnapshot],
    state: ListedState,
    at: Timestamp,
) -> impl Iterator<Item = String> {
    let views = list.iter().map(move |snapshot| snapshot.view(at));
    let selected = views.filter(move |view| match state {
        ListedState::Sync(state) => view.state == state,
        ListedState::Halted => view.halt.is_some(),
    });
    selected.map(|view| view.name)
}

pub(crate) fn a_list_by_state_is_that_of_all_gateways_in_it(fixture: &dyn StoreFixture) {
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let number = Cell::new(0);
    let outcome = TestRunner::new(config).run(&operations(), |operations| {
        number.set(number.get() + 1);
        let mut history = History::new(fixture, number.get());
        for (step, operation) in operations.iter().enumerate() {
            history.run(operation);
            if step % 3 == 0 {
                history.check()?;
            }
        }
        history.check()?;
        history.check_settled()
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

pub(crate) fn states_of_many_instances_are_settled(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let edge = GatewayRef::Name("edge".to_owned());
    store.create(&change(), &gateway("edge")).unwrap();
    let found = store.find(&edge).unwrap().view(now());
    let with_id = |number: usize, report: StatusReport| StatusReport {
        instance_id: super::fixture::report(number, 1)
            .instance_id
            .as_str()
            .parse::<InstanceId>()
            .unwrap(),
        ..report
    };
    for number in 0..200 {
        let report = with_id(number, serving(1, &found));
        store.report(now(), &edge, &report).unwrap();
    }
    let listed = |state| {
        let filter = GatewayFilter {
            state: Some(StateFilter {
                state: ListedState::Sync(state),
                now: now(),
                boot_id: None,
            }),
            limit: 9,
            ..GatewayFilter::default()
        };
        store.list(&filter).unwrap().len()
    };
    assert!(store.has_unsettled_states(now()).unwrap());
    assert_eq!(
        listed(SyncState::Rejected),
        1,
        "it is looked at until it is settled"
    );
    store.settle_states(now()).unwrap();
    assert!(!store.has_unsettled_states(now()).unwrap());
    assert_eq!(
        (listed(SyncState::InSync), listed(SyncState::Rejected)),
        (1, 0)
    );
    // A renewal by any instance keeps the state in force, and one more severe answer ends it.
    let later = now() + Duration::from_secs(20);
    let renewed = with_id(7, serving(2, &found));
    store.report(later, &edge, &renewed).unwrap();
    assert!(
        !store
            .has_unsettled_states(later + Duration::from_secs(29))
            .unwrap()
    );
    let rejected = rejecting(with_id(8, serving(2, &found)), &found);
    store.report(later, &edge, &rejected).unwrap();
    store.settle_states(later).unwrap();
    assert_eq!(
        (listed(SyncState::InSync), listed(SyncState::Rejected)),
        (0, 1)
    );
}
