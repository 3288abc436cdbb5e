//! Gateways and their versions.

use std::collections::BTreeMap;

use kt_control_api::{GatewayPatch, RevertRequest, VersionOrigin};

use super::fixture::{StoreFixture, bare, change, edge, gateway, now, report, requiring, version};
use crate::store::{
    ChangeContext, ChangeReceipt, GatewayAction, GatewayRef, NewVersion, StoreError,
};

pub(crate) fn a_created_gateway_is_returned(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let labels = BTreeMap::from([("zone".to_owned(), "ü\"'\\".to_owned())]);
    let mut new = gateway("edge");
    new.gateway.labels.clone_from(&labels);
    let receipt = store.create(&change(), &new).unwrap();
    assert_eq!((receipt.version, receipt.generation), (Some(1), 1));
    assert!(!receipt.unchanged && !receipt.replayed);
    let found = store.find(&GatewayRef::Id(new.gateway.id.clone())).unwrap();
    let record = &found.gateway;
    assert_eq!(record.name, "edge");
    assert_eq!(record.description, new.gateway.description);
    assert_eq!(record.labels, labels);
    assert_eq!((record.rev, record.generation), (1, 1));
    let desired = found.desired.as_ref().unwrap();
    assert_eq!(
        (desired.version, desired.sha256),
        (1, version("first").sha256)
    );
    assert_eq!(record.created_at, change().now);
    assert!(found.instances.is_empty());
    store.create(&change(), &bare("rim")).unwrap();
    let rim = store.find(&GatewayRef::Name("rim".to_owned())).unwrap();
    assert_eq!((rim.gateway.last_version, rim.desired), (0, None));
    let missing = store
        .find(&GatewayRef::Name("nobody\0".to_owned()))
        .unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
}

pub(crate) fn versions_are_dense_and_their_contents_verbatim(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let id = store.create(&change(), &bare("edge")).unwrap().gateway;
    let texts = ["a: 1\r\n", "b: \u{1f980}\n", "", "c: \"\u{7f}\""];
    for (number, text) in (1..).zip(texts) {
        let new = NewVersion {
            source: Some("policy.yaml".to_owned()),
            message: Some("because".to_owned()),
            ..version(&format!("{number}{text}"))
        };
        let receipt = store.publish(&change(), &edge(), &new).unwrap();
        assert_eq!(receipt.version, Some(number));
        assert_eq!(receipt.generation, number + 1);
        assert_eq!(store.content(&id, number).unwrap(), new.content);
        let stored = store.version(&id, number).unwrap();
        assert_eq!(stored.size, new.content.len() as u64);
        assert_eq!(stored.sha256, new.sha256);
        assert_eq!(stored.origin, VersionOrigin::Reload);
        assert_eq!((stored.source, stored.message), (new.source, new.message));
        assert_eq!(
            (stored.author.as_str(), stored.created_at),
            ("test", change().now)
        );
    }
    let numbers = |before, limit| -> Vec<u64> {
        let found = store.versions(&id, before, limit).unwrap();
        found.into_iter().map(|version| version.version).collect()
    };
    assert_eq!(numbers(None, 10), [4, 3, 2, 1]);
    assert_eq!(numbers(Some(4), 2), [3, 2]);
    assert_eq!(numbers(Some(1), 2), [0; 0]);
    for wrong in [0, 5] {
        let missing = store.content(&id, wrong).unwrap_err();
        assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
        assert!(store.version(&id, wrong).is_err());
    }
}

pub(crate) fn content_with_the_same_canonical_form_creates_no_version(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let same = NewVersion {
        content: "first # said otherwise".to_owned(),
        ..version("first")
    };
    let receipt = store.publish(&change(), &edge(), &same).unwrap();
    assert!(receipt.unchanged);
    assert_eq!((receipt.version, receipt.generation), (Some(1), 1));
    let found = store.find(&edge()).unwrap().gateway;
    assert_eq!((found.rev, found.last_version), (1, 1));
}

pub(crate) fn a_revert_is_a_new_version_with_the_old_content(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let id = store.create(&change(), &gateway("edge")).unwrap().gateway;
    store
        .publish(&change(), &edge(), &version("second"))
        .unwrap();
    let revert = |version| RevertRequest {
        version,
        reason: Some("mistake".to_owned()),
    };
    let receipt = store.revert(&change(), &edge(), &revert(1)).unwrap();
    assert_eq!(receipt.version, Some(3));
    assert_eq!(store.content(&id, 3).unwrap(), "first");
    let stored = store.version(&id, 3).unwrap();
    assert_eq!(
        (stored.origin, stored.reverts_to),
        (VersionOrigin::Revert, Some(1))
    );
    assert_eq!(stored.message.as_deref(), Some("mistake"));
    assert!(
        store
            .revert(&change(), &edge(), &revert(1))
            .unwrap()
            .unchanged
    );
    let missing = store.revert(&change(), &edge(), &revert(9)).unwrap_err();
    assert_eq!(missing.to_string(), "there is no version 9");
    assert_eq!(
        fixture.count("SELECT count(*) FROM blobs"),
        2,
        "nothing twice"
    );
}

pub(crate) fn names_and_labels_change_and_names_are_unique(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let edge_id = store.create(&change(), &gateway("edge")).unwrap().gateway;
    let rim_id = store.create(&change(), &gateway("rim")).unwrap().gateway;
    let taken = store.create(&change(), &gateway("rim")).unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { id, .. } if id == rim_id));
    let labels = |value: Option<&str>| {
        let labels = BTreeMap::from([("zone".to_owned(), value.map(str::to_owned))]);
        GatewayPatch {
            labels: Some(labels),
            ..GatewayPatch::default()
        }
    };
    let called = |name: &str| GatewayPatch {
        name: Some(name.to_owned()),
        ..GatewayPatch::default()
    };
    let key = GatewayRef::Id(edge_id.clone());
    assert!(
        !store
            .update(&change(), &key, &labels(Some("a")))
            .unwrap()
            .unchanged
    );
    assert!(
        store
            .update(&change(), &key, &labels(Some("a")))
            .unwrap()
            .unchanged
    );
    assert!(
        store
            .update(&change(), &key, &called("edge"))
            .unwrap()
            .unchanged
    );
    let taken = store.update(&change(), &key, &called("rim")).unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { id, .. } if id == rim_id));
    store.update(&change(), &key, &called("verge")).unwrap();
    store.update(&change(), &key, &labels(None)).unwrap();
    let found = store
        .find(&GatewayRef::Name("verge".to_owned()))
        .unwrap()
        .gateway;
    assert_eq!((found.id, found.rev, found.generation), (edge_id, 4, 1));
    assert!(found.labels.is_empty());
    assert!(store.find(&edge()).is_err(), "the old name is available");
    store.create(&change(), &gateway("edge")).unwrap();
}

pub(crate) fn a_deleted_gateway_releases_its_name(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let id = store.create(&change(), &gateway("edge")).unwrap().gateway;
    let receipt = store.delete(&change(), &edge()).unwrap();
    assert!(!receipt.unchanged);
    let gone = store.find(&GatewayRef::Id(id.clone())).unwrap_err();
    assert!(matches!(gone, StoreError::Gone(which) if which == id));
    let gone = store
        .delete(&change(), &GatewayRef::Id(id.clone()))
        .unwrap_err();
    assert!(matches!(gone, StoreError::Gone(_)), "{gone}");
    let missing = store.delete(&change(), &edge()).unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
    assert_eq!(store.content(&id, 1).unwrap(), "first", "history stays");
    store.create(&change(), &gateway("edge")).unwrap();
}

pub(crate) fn a_change_of_another_revision_is_rejected(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    store
        .publish(&requiring(1), &edge(), &version("second"))
        .unwrap();
    let refused = store
        .publish(&requiring(1), &edge(), &version("third"))
        .unwrap_err();
    match refused {
        StoreError::RevisionMismatch { expected, current } => {
            assert_eq!((expected, current.gateway.rev), (1, 2));
        }
        other => panic!("{other}"),
    }
    let patch = GatewayPatch::default();
    assert!(store.update(&requiring(1), &edge(), &patch).is_err());
    assert!(store.delete(&requiring(3), &edge()).is_err());
    assert!(
        store
            .update(&requiring(2), &edge(), &patch)
            .unwrap()
            .unchanged
    );
    store.delete(&requiring(2), &edge()).unwrap();
}

pub(crate) fn actions_increment_the_generation(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &bare("edge")).unwrap();
    let reload = GatewayAction::Reload { message: None };
    let reconcile = |dry_run| GatewayAction::Reconcile {
        dry_run,
        reason: Some("stuck".to_owned()),
    };
    assert_eq!(
        store.act(&change(), &edge(), &reload).unwrap().generation,
        2
    );
    let nothing = store
        .act(&change(), &edge(), &reconcile(false))
        .unwrap_err();
    assert!(matches!(nothing, StoreError::NoConfiguration(name) if name == "edge"));
    store.publish(&change(), &edge(), &version("one")).unwrap();
    let offline = store.act(&change(), &edge(), &reconcile(false)).unwrap();
    assert!(offline.unchanged, "there is no instance to reconcile");
    let report = super::fixture::report(0, 1);
    store.report(change().now, &edge(), &report).unwrap();
    let dry = store.act(&change(), &edge(), &reconcile(true)).unwrap();
    assert!(!dry.unchanged);
    assert_eq!(dry.generation, 3);
    let asked = store.act(&change(), &edge(), &reconcile(false)).unwrap();
    assert_eq!(asked.generation, 4);
    let reapply = GatewayAction::Reapply { message: None };
    let reapplied = store.act(&change(), &edge(), &reapply).unwrap();
    assert_eq!((reapplied.unchanged, reapplied.generation), (false, 5));
    let found = store.find(&edge()).unwrap();
    let row = &found.gateway;
    assert_eq!((row.generation, row.rev), (5, 5));
    assert_eq!((row.reload_generation, row.reconcile_generation), (2, 5));
    assert_eq!(found.desired.unwrap().generation, 5);
}

pub(crate) fn the_order_does_not_depend_on_the_clock(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let made = store.create(&change(), &gateway("edge")).unwrap().gateway;
    let hours = |back: i64| ChangeContext {
        now: now() - jiff::SignedDuration::from_hours(back),
        ..change()
    };
    for (back, text) in [(0, "b"), (48, "c"), (24, "d")] {
        store
            .publish(&hours(back), &edge(), &version(text))
            .unwrap();
    }
    let versions = store.versions(&made, None, 10).unwrap();
    let numbers: Vec<u64> = versions.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [4, 3, 2, 1], "by number, not by time");
    assert!(versions[1].created_at < versions[3].created_at);
    assert_eq!(store.find(&edge()).unwrap().desired.unwrap().version, 4);
    // An instance that reports with an earlier time than before is live then.
    store.report(now(), &edge(), &report(0, 1)).unwrap();
    let earlier = now() - jiff::SignedDuration::from_hours(24);
    store.report(earlier, &edge(), &report(0, 2)).unwrap();
    assert!(store.find(&edge()).unwrap().view(earlier).instances[0].live);
    let log = super::audit_log::verify(&*store);
    assert_eq!((log.rows, log.damage), (4, vec![]));
}

pub(crate) fn a_receipt_matches_the_stored_state(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let new = NewVersion {
        source: Some("a.yaml".to_owned()),
        message: Some("why".to_owned()),
        ..version("second")
    };
    let revert = RevertRequest {
        version: 1,
        reason: Some("back".to_owned()),
    };
    let check = |receipt: ChangeReceipt| {
        let (snapshot, made) = *receipt.published.expect("it published a version");
        let found = store.find(&edge()).unwrap();
        let id = &found.gateway.id;
        assert_eq!(Some(made.version), receipt.version);
        assert_eq!(made, store.version(id, made.version).unwrap());
        let now = change().now;
        assert_eq!(snapshot.view(now), found.view(now));
    };
    check(store.create(&change(), &gateway("edge")).unwrap());
    store.report(change().now, &edge(), &report(0, 1)).unwrap();
    check(store.publish(&change(), &edge(), &new).unwrap());
    check(store.revert(&change(), &edge(), &revert).unwrap());
    let again = store.revert(&change(), &edge(), &revert).unwrap();
    assert!(again.unchanged && again.published.is_none());
}
