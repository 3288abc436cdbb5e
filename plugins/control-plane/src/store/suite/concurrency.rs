//! Concurrent users of one store.

use std::sync::Barrier;
use std::thread;

use super::fixture::{StoreFixture, change, edge, gateway, requiring, version};
use crate::store::StoreError;

pub(crate) fn concurrent_writers_wait_for_each_other(fixture: &dyn StoreFixture) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 50;
    let shared = fixture.open();
    shared.create(&change(), &gateway("edge")).unwrap();
    let (key, start) = (edge(), Barrier::new(WRITERS as usize));
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (key, start) = (&key, &start);
            scope.spawn(move || {
                start.wait();
                let store = fixture.open();
                for n in 0..EACH {
                    let text = version(&format!("{writer}-{n}"));
                    store.publish(&change(), key, &text).unwrap();
                    store
                        .create(&change(), &gateway(&format!("g{writer}-{n}")))
                        .unwrap();
                    store.find(key).unwrap();
                }
            });
        }
    });
    let edge = shared.find(&key).unwrap().gateway;
    assert_eq!(edge.last_version, 1 + WRITERS * EACH);
    let versions = shared.versions(&edge.id, None, 1000).unwrap();
    let numbers: Vec<_> = versions.iter().rev().map(|v| v.version).collect();
    let dense: Vec<_> = (1..=edge.last_version).collect();
    assert_eq!(numbers, dense, "dense");
    let audit = fixture.count("SELECT count(*) FROM audit");
    assert_eq!(audit, 1 + 2 * WRITERS * EACH, "every change has its row");
}

pub(crate) fn of_many_gateways_with_one_name_one_is_created(fixture: &dyn StoreFixture) {
    drop(fixture.open());
    let start = Barrier::new(8);
    let results: Vec<_> = thread::scope(|scope| {
        let claim = || {
            start.wait();
            fixture.open().create(&change(), &gateway("edge"))
        };
        let claims: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        claims
            .into_iter()
            .map(|claim| claim.join().unwrap())
            .collect()
    });
    let winner = results
        .iter()
        .find_map(|result| result.as_ref().ok())
        .unwrap();
    let losers = results.iter().filter(
        |result| matches!(result, Err(StoreError::NameTaken { id, .. }) if *id == winner.gateway),
    );
    assert_eq!(losers.count(), 7);
}

pub(crate) fn of_many_changes_of_one_revision_one_succeeds(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    for rev in 1..=10 {
        let start = Barrier::new(4);
        let results: Vec<_> = thread::scope(|scope| {
            let publish = |n: u64| {
                let (fixture, start) = (&fixture, &start);
                scope.spawn(move || {
                    let store = fixture.open();
                    let text = version(&format!("{rev}-{n}"));
                    start.wait();
                    store.publish(&requiring(rev), &edge(), &text)
                })
            };
            let all: Vec<_> = (0..4).map(publish).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let done = results.iter().filter(|result| result.is_ok()).count();
        let lost = results.iter().filter(|result| {
            matches!(result, Err(StoreError::RevisionMismatch { current, .. })
                if current.gateway.rev == rev + 1)
        });
        assert_eq!((done, lost.count()), (1, 3), "revision {rev}");
    }
}

pub(crate) fn a_store_can_be_created_concurrently(fixture: &dyn StoreFixture) {
    let start = Barrier::new(8);
    let epochs: Vec<_> = thread::scope(|scope| {
        let first_use = || {
            start.wait();
            fixture.open().epoch().unwrap()
        };
        let users: Vec<_> = (0..8).map(|_| scope.spawn(first_use)).collect();
        users.into_iter().map(|user| user.join().unwrap()).collect()
    });
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "made once");
    fixture.open().probe().unwrap();
}

pub(crate) fn the_change_counter_changes_with_every_change(fixture: &dyn StoreFixture) {
    let (one, other) = (fixture.open(), fixture.open());
    let before = one.change_counter().unwrap();
    other.create(&change(), &gateway("edge")).unwrap();
    let after = one.change_counter().unwrap();
    assert_ne!(after, before);
    one.create(&change(), &gateway("rim")).unwrap();
    let own = one.change_counter().unwrap();
    assert_ne!(own, after, "own changes count, too");
    let report = super::fixture::report(0, 1);
    other.report(change().now, &edge(), &report).unwrap();
    assert_ne!(one.change_counter().unwrap(), own, "and reports");
}
