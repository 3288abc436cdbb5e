//! Pinned versions, and pruned contents.

use std::thread;
use std::time::Duration;

use kt_control_api::{AppliedVersion, GatewayId, RevertRequest, VersionRange};

use super::fixture::{StoreFixture, after, change, edge, gateway, keyed, now, report, version};
use crate::store::{GatewayRef, PruneOptions, PruneReceipt, Store, StoreError};

fn prune(keep: u64) -> PruneOptions {
    PruneOptions {
        keep,
        dry_run: false,
        reason: Some("space".to_owned()),
    }
}

fn one(version: u64) -> VersionRange {
    VersionRange {
        from: version,
        to: version,
    }
}

/// Creates `edge` with the versions `first`, `bb`, `ccc` and `dddd`, of which an instance serves
/// the second.
fn edge_with_four(store: &dyn Store) -> GatewayId {
    let id = store.create(&change(), &gateway("edge")).unwrap().gateway;
    for text in ["bb", "ccc", "dddd"] {
        store.publish(&change(), &edge(), &version(text)).unwrap();
    }
    let mut serving = report(0, 1);
    serving.applied = Some(AppliedVersion {
        version: Some(2),
        sha256: version("bb").sha256,
        generation: 2,
        at: now(),
    });
    store.report(now(), &edge(), &serving).unwrap();
    id
}

fn is_pruned(store: &dyn Store, id: &GatewayId, number: u64) -> bool {
    match store.content(id, number) {
        Ok(_) => false,
        Err(StoreError::ContentPruned { version, .. }) => version == number,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn a_prune_deletes_contents_and_keeps_versions(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let id = edge_with_four(&*store);
    let whole = store.versions(&id, None, 9).unwrap();
    let dry = PruneOptions {
        dry_run: true,
        ..prune(1)
    };
    assert!(fixture.tamper(
        "INSERT INTO apply_history(at, gateway_id, instance_id, generation, version, outcome)
         SELECT 1, gateway_id, 'in_aaaaaaaaaaaaaaaa', 1, version, 'applied' FROM config_versions",
    ));
    assert!(!store.pin(&change(), &edge(), 1, true).unwrap().unchanged);
    assert!(store.pin(&change(), &edge(), 1, true).unwrap().unchanged);
    let planned = store.prune(&change(), &edge(), &dry).unwrap();
    assert_eq!(
        fixture.count("SELECT count(*) FROM blobs"),
        4,
        "said, not done"
    );
    let later = after(change(), Duration::from_secs(5));
    let done = store.prune(&later, &edge(), &prune(1)).unwrap();
    assert_eq!((done.versions.clone(), done.bytes), (vec![one(3)], 3));
    assert_eq!(done, planned);
    let outcomes = "SELECT CAST(version AS TEXT) FROM apply_history ORDER BY version";
    assert_eq!(fixture.texts(outcomes), ["1", "2", "2", "4"]);
    let pruned = [1, 2, 3, 4].map(|n| is_pruned(&*store, &id, n));
    assert_eq!(pruned, [false, false, true, false]);
    assert_eq!(fixture.count("SELECT count(*) FROM blobs"), 3);
    let mut versions = store.versions(&id, None, 9).unwrap();
    assert_eq!(versions[1].pruned_at, Some(later.now));
    assert!(versions[3].pinned);
    versions[1].pruned_at = None;
    versions[3].pinned = false;
    assert_eq!(versions, whole, "nothing else changed");

    assert!(!store.pin(&change(), &edge(), 1, false).unwrap().unchanged);
    let done = store.prune(&change(), &edge(), &prune(1)).unwrap();
    assert_eq!(done.versions, [one(1)]);
    let done = store.prune(&change(), &edge(), &prune(1)).unwrap();
    assert_eq!((done.versions, done.bytes), (vec![], 0));
    assert_eq!(
        fixture.texts("SELECT action FROM audit WHERE seq > 4 ORDER BY seq"),
        ["config.pin", "config.prune", "config.unpin", "config.prune"],
        "a prune without effect writes no row"
    );
    assert_eq!(
        fixture.count("SELECT count(*) FROM meta WHERE k = 'pruning'"),
        0
    );
}

pub(crate) fn a_pruned_version_is_neither_reverted_to_nor_pinned(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let id = edge_with_four(&*store);
    store.prune(&change(), &edge(), &prune(1)).unwrap();
    let revert = RevertRequest {
        version: 3,
        reason: None,
    };
    for refused in [
        store.revert(&change(), &edge(), &revert).map(drop),
        store.pin(&change(), &edge(), 3, true).map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, StoreError::ContentPruned { version: 3, .. }),
            "{refused}"
        );
    }
    assert!(store.pin(&change(), &edge(), 3, false).unwrap().unchanged);
    let missing = store.pin(&change(), &edge(), 9, true).unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
    // The same bytes may be published again.
    store.publish(&change(), &edge(), &version("ccc")).unwrap();
    assert_eq!(store.content(&id, 5).unwrap(), "ccc");
    assert!(is_pruned(&*store, &id, 3));
}

pub(crate) fn shared_contents_are_not_pruned(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let id = edge_with_four(&*store);
    let other = store.create(&change(), &gateway("other")).unwrap().gateway;
    let key = GatewayRef::Id(other.clone());
    store.publish(&change(), &key, &version("ccc")).unwrap();
    let done = store.prune(&change(), &edge(), &prune(1)).unwrap();
    let both = [one(1), one(3)];
    assert_eq!((done.versions.as_slice(), done.bytes), (&both[..], 0));
    assert!(is_pruned(&*store, &id, 1) && is_pruned(&*store, &id, 3));
    assert_eq!(store.content(&other, 2).unwrap(), "ccc");
    let done = store.prune(&change(), &key, &prune(1)).unwrap();
    assert_eq!((done.versions, done.bytes), (vec![one(1)], 5));
}

pub(crate) fn a_repeated_prune_returns_the_first_receipt(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    edge_with_four(&*store);
    let first = store.prune(&keyed("k1", 1), &edge(), &prune(1)).unwrap();
    let again = store.prune(&keyed("k1", 1), &edge(), &prune(1)).unwrap();
    assert!(again.replayed && !first.replayed);
    let expected = PruneReceipt {
        replayed: true,
        ..first
    };
    assert_eq!(again, expected);
    let pinned = store.pin(&keyed("k2", 2), &edge(), 4, true).unwrap();
    let again = store.pin(&keyed("k2", 2), &edge(), 4, true).unwrap();
    assert!(again.replayed && !pinned.unchanged && !again.unchanged);
}

pub(crate) fn no_content_is_lost_when_others_prune_it(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let names = ["one", "two", "three", "four"];
    for name in names {
        store.create(&change(), &gateway(name)).unwrap();
    }
    thread::scope(|scope| {
        for (at, name) in names.into_iter().enumerate() {
            scope.spawn(move || {
                let (store, key) = (fixture.open(), GatewayRef::Name(name.to_owned()));
                // Each publishes contents that others prune.
                let texts = ["a", "b", "c", "d", "e", "f", "g"];
                for text in texts.iter().cycle().skip(at).step_by(at + 1).take(60) {
                    store.publish(&change(), &key, &version(text)).unwrap();
                    store.prune(&change(), &key, &prune(1)).unwrap();
                }
            });
        }
    });
    let lost = "SELECT count(*) FROM config_versions v WHERE pruned_at IS NULL
                    AND NOT EXISTS (SELECT 1 FROM blobs WHERE sha256 = v.blob)";
    assert_eq!(fixture.count(lost), 0);
    let kept = "SELECT count(*) FROM config_versions WHERE pruned_at IS NULL";
    assert_eq!(fixture.count(kept), names.len() as u64);
    assert!(fixture.count("SELECT count(*) FROM blobs") <= names.len() as u64);
}
