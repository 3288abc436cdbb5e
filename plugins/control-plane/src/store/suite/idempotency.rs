//! Idempotency keys.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::fixture::{StoreFixture, after, bare, change, edge, gateway, keyed, requiring, version};
use crate::store::{ChangeContext, StoreError};

pub(crate) fn a_repeated_request_is_applied_once(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let first = store.create(&keyed("k1", 1), &gateway("edge")).unwrap();
    let again = store.create(&keyed("k1", 1), &gateway("edge")).unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(first.gateway, again.gateway);
    assert_eq!((again.version, again.generation), (Some(1), 1));

    // Conditions that only the first request meets: a revision, and a content that is not desired
    // yet.
    let publish = ChangeContext {
        if_match: Some(1),
        ..keyed("k2", 2)
    };
    let new = version("second");
    let first = store.publish(&publish, &edge(), &new).unwrap();
    let again = store.publish(&publish, &edge(), &new).unwrap();
    assert!(again.replayed && !again.unchanged);
    assert_eq!(
        (again.version, again.generation),
        (first.version, first.generation)
    );

    let same = store.publish(&keyed("k3", 3), &edge(), &new).unwrap();
    assert!(same.unchanged);
    let same = store.publish(&keyed("k3", 3), &edge(), &new).unwrap();
    assert!(
        same.unchanged && same.replayed,
        "a change without effect has a receipt, too"
    );

    store.delete(&keyed("k4", 4), &edge()).unwrap();
    assert!(store.delete(&keyed("k4", 4), &edge()).unwrap().replayed);
    assert_eq!(fixture.count("SELECT count(*) FROM audit"), 3);
}

pub(crate) fn a_key_belongs_to_one_request_and_one_actor(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&keyed("k1", 1), &gateway("edge")).unwrap();
    let other = store.create(&keyed("k1", 2), &gateway("rim")).unwrap_err();
    assert!(matches!(other, StoreError::IdempotencyKeyReused), "{other}");
    let other = store.delete(&keyed("k1", 2), &edge()).unwrap_err();
    assert!(matches!(other, StoreError::IdempotencyKeyReused), "{other}");
    let other_actor = ChangeContext {
        actor: "other".to_owned(),
        ..keyed("k1", 2)
    };
    store.create(&other_actor, &gateway("rim")).unwrap();
}

pub(crate) fn a_failed_request_can_be_retried(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let publish = keyed("k1", 1);
    assert!(store.publish(&publish, &edge(), &version("x")).is_err());
    store.create(&change(), &bare("edge")).unwrap();
    assert!(store.create(&keyed("k2", 2), &bare("edge")).is_err());
    let stale = ChangeContext {
        if_match: Some(9),
        ..publish.clone()
    };
    assert!(store.publish(&stale, &edge(), &version("x")).is_err());
    let done = store.publish(&publish, &edge(), &version("x")).unwrap();
    assert!(!done.replayed);
    assert_eq!(fixture.count("SELECT count(*) FROM idempotency"), 1);
}

pub(crate) fn a_key_expires_after_a_day(fixture: &dyn StoreFixture) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let store = fixture.open();
    store.create(&keyed("k1", 1), &gateway("edge")).unwrap();
    store
        .publish(&keyed("k2", 2), &edge(), &version("b"))
        .unwrap();
    let soon = after(keyed("k2", 2), DAY - Duration::from_micros(1));
    assert!(
        store
            .publish(&soon, &edge(), &version("b"))
            .unwrap()
            .replayed
    );
    let later = after(keyed("k2", 3), DAY);
    let done = store.publish(&later, &edge(), &version("c")).unwrap();
    assert_eq!((done.version, done.replayed), (Some(3), false));
    let later = after(keyed("k1", 4), DAY);
    let done = store.create(&later, &gateway("rim")).unwrap();
    assert!(!done.replayed);
    assert!(store.create(&later, &gateway("rim")).unwrap().replayed);
}

pub(crate) fn of_many_with_one_key_one_is_applied(fixture: &dyn StoreFixture) {
    const MANY: usize = 8;
    fixture.open().create(&change(), &gateway("edge")).unwrap();
    for round in 0..5_u8 {
        let start = Barrier::new(MANY);
        let key = format!("k{round}");
        let rev = fixture.open().find(&edge()).unwrap().gateway.rev;
        let text = version(&key);
        let receipts: Vec<_> = thread::scope(|scope| {
            let publish = || {
                let store = fixture.open();
                start.wait();
                let change = ChangeContext {
                    idempotency_key: keyed(&key, round).idempotency_key,
                    ..requiring(rev)
                };
                let done = store.publish(&change, &edge(), &text).unwrap();
                let made = keyed(&format!("c{key}"), round);
                let created = store.create(&made, &gateway(&format!("g{round}"))).unwrap();
                (done, created)
            };
            let all: Vec<_> = (0..MANY).map(|_| scope.spawn(publish)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let first = |replayed: &dyn Fn(usize) -> bool| (0..MANY).filter(|n| !replayed(*n)).count();
        assert_eq!(first(&|n| receipts[n].0.replayed), 1, "{receipts:?}");
        assert_eq!(first(&|n| receipts[n].1.replayed), 1, "{receipts:?}");
        let (published, created) = &receipts[0];
        for (one, other) in &receipts {
            assert_eq!(one.version, published.version);
            assert_eq!(other.gateway, created.gateway);
        }
    }
}
