//! Renewals of leases, which are stored later than they are acknowledged.

use std::time::Duration;

use kt_control_api::{DriftPolicy, GatewayId, GatewayPatch, StatusReport, Timestamp};

use super::fixture::{StoreFixture, change, edge, gateway, now, report, version};
use crate::fixture::{rejecting, serving};
use crate::store::{InstanceRecord, LeaseRenewal, Store};

fn seconds(seconds: u64) -> Timestamp {
    now() + Duration::from_secs(seconds)
}

/// Creates a gateway with an instance, and returns its id and the first report.
fn start(store: &dyn Store) -> (GatewayId, StatusReport) {
    store.create(&change(), &gateway("edge")).unwrap();
    let found = store.find(&edge()).unwrap().view(now());
    let first = serving(1, &found);
    store.report(now(), &edge(), &first).unwrap();
    (found.id, first)
}

fn again(report: &StatusReport, seq: u64) -> StatusReport {
    StatusReport {
        seq,
        ..report.clone()
    }
}

fn renewal(
    store: &dyn Store,
    at: Timestamp,
    id: &GatewayId,
    report: &StatusReport,
) -> LeaseRenewal {
    let found = store.lease_renewal(at, id, report).unwrap();
    let (receipt, renewal) = found.expect("it only extends the lease");
    assert_eq!(
        (receipt.ignored, receipt.changed, receipt.rejected),
        (false, false, false)
    );
    assert_eq!(receipt.lease_until, at + Duration::from_secs(30));
    assert_eq!(
        (receipt.generation, receipt.epoch),
        (1, store.epoch().unwrap())
    );
    renewal
}

fn only_instance(store: &dyn Store) -> InstanceRecord {
    let mut instances = store.find(&edge()).unwrap().instances;
    assert_eq!(instances.len(), 1);
    instances.remove(0)
}

pub(crate) fn a_renewal_is_found_and_stored_later(fixture: &dyn StoreFixture) {
    let store = &*fixture.open();
    let (id, first) = start(store);
    store.settle_states(now()).unwrap();
    let second = renewal(store, seconds(10), &id, &again(&first, 2));
    assert_eq!(
        only_instance(store).lease_until,
        seconds(30),
        "nothing is written"
    );
    assert!(store.has_unsettled_states(seconds(30)).unwrap());
    store.renew_leases(std::slice::from_ref(&second)).unwrap();
    let stored = only_instance(store);
    assert_eq!(
        (
            stored.seq,
            stored.seen_at,
            stored.lease_until,
            stored.report
        ),
        (2, seconds(10), seconds(40), first.clone())
    );
    // As often as by a report that is stored at once: when that adds half a lease.
    assert!(store.has_unsettled_states(seconds(30)).unwrap());
    let next = renewal(store, seconds(20), &id, &again(&first, 3));
    store.renew_leases(&[next]).unwrap();
    assert!(!store.has_unsettled_states(seconds(49)).unwrap());
    assert!(store.has_unsettled_states(seconds(50)).unwrap());
    store.renew_leases(&[second]).unwrap();
    assert_eq!(
        only_instance(store).lease_until,
        seconds(50),
        "an older one"
    );
    store.renew_leases(&[]).unwrap();
}

pub(crate) fn what_is_more_than_a_renewal_is_stored_at_once(fixture: &dyn StoreFixture) {
    let store = &*fixture.open();
    let (id, first) = start(store);
    let found = store.find(&edge()).unwrap().view(now());
    let later = |at: u64, report: &StatusReport| {
        let found = store.lease_renewal(seconds(at), &id, report).unwrap();
        found.is_some()
    };
    let second = again(&first, 2);
    assert!(later(15, &second), "half of the lease is left");
    assert!(!later(16, &second), "less than half of it is left");
    assert!(!later(31, &second), "it has expired");
    assert!(!later(1, &first), "the same report again");
    assert!(!later(1, &rejecting(second.clone(), &found)));
    let stopping = StatusReport {
        stopping: true,
        ..second.clone()
    };
    assert!(!later(1, &stopping));
    let shorter = StatusReport {
        lease_seconds: 8,
        ..second.clone()
    };
    assert!(!later(1, &shorter));
    assert!(!later(1, &report(1, 1)), "an instance that is not known");
    let unknown = GatewayId::random();
    assert!(
        store
            .lease_renewal(now(), &unknown, &second)
            .unwrap()
            .is_none()
    );
    // Leases of a few seconds would expire before the renewal is stored.
    let short = |seq| StatusReport {
        instance_id: report(2, 1).instance_id,
        lease_seconds: 6,
        seq,
        ..first.clone()
    };
    store.report(now(), &edge(), &short(1)).unwrap();
    assert!(later(1, &short(2)));
    assert!(!later(2, &short(2)));
}

pub(crate) fn drift_that_is_repaired_is_not_stored_later(fixture: &dyn StoreFixture) {
    let store = &*fixture.open();
    let (id, first) = start(store);
    let repair = GatewayPatch {
        drift: Some(DriftPolicy::Repair),
        ..GatewayPatch::default()
    };
    store.update(&change(), &edge(), &repair).unwrap();
    let later = |report| {
        store
            .lease_renewal(seconds(1), &id, &report)
            .unwrap()
            .is_some()
    };
    assert!(later(again(&first, 2)));
    let mut drifted = again(&first, 2);
    drifted.applied.as_mut().unwrap().sha256 = version("drifted").sha256;
    store.report(now(), &edge(), &drifted).unwrap();
    assert!(!later(again(&drifted, 3)));
}

pub(crate) fn a_renewal_does_not_undo_a_newer_report(fixture: &dyn StoreFixture) {
    let store = &*fixture.open();
    let (id, first) = start(store);
    store.settle_states(now()).unwrap();
    let second = renewal(store, seconds(10), &id, &again(&first, 2));
    let stopping = StatusReport {
        stopping: true,
        ..again(&first, 3)
    };
    // Another server receives it before the renewal is stored.
    store.report(seconds(10), &edge(), &stopping).unwrap();
    store.settle_states(seconds(10)).unwrap();
    store.renew_leases(&[second]).unwrap();
    let stored = only_instance(store);
    assert_eq!((stored.seq, stored.report), (3, stopping));
    assert!(
        !store.has_unsettled_states(seconds(1000)).unwrap(),
        "it is offline"
    );
}
