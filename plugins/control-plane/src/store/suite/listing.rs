//! Lists of gateways.

use std::collections::BTreeMap;

use kt_control_api::GatewayPatch;

use super::fixture::{StoreFixture, bare, change, report};
use crate::store::{GatewayFilter, GatewayRef, Store};

fn names(store: &dyn Store, filter: &GatewayFilter) -> Vec<String> {
    let found = store.list(filter).unwrap();
    found.into_iter().map(|found| found.gateway.name).collect()
}

fn all() -> GatewayFilter {
    GatewayFilter {
        limit: 100,
        ..GatewayFilter::default()
    }
}

pub(crate) fn gateways_are_ordered_by_name(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    // In the order of bytes: independent of the locale, and case-sensitive.
    let ordered = ["0", "A-1", "A.1", "A1", "B", "a", "a-b", "a_b", "ab", "b"];
    for name in ordered.iter().rev() {
        store.create(&change(), &bare(name)).unwrap();
    }
    store.create(&change(), &bare("gone")).unwrap();
    store
        .delete(&change(), &GatewayRef::Name("gone".to_owned()))
        .unwrap();
    assert_eq!(names(&*store, &all()), ordered);
    let page = GatewayFilter {
        after: Some("A1".to_owned()),
        limit: 3,
        ..all()
    };
    assert_eq!(names(&*store, &page), ["B", "a", "a-b"]);
    let key = GatewayRef::Name("b".to_owned());
    store.report(change().now, &key, &report(0, 1)).unwrap();
    let listed = store.list(&all()).unwrap();
    assert_eq!(listed.last().unwrap().instances.len(), 1);
}

pub(crate) fn prefixes_and_labels_filter(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let labelled = |name: &str, labels: &[(&str, &str)]| {
        let labels = labels.iter().copied();
        let mut new = bare(name);
        new.gateway.labels = labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        new
    };
    for new in [
        labelled("a_1", &[("zone", "a"), ("tier", "x")]),
        labelled("a%2", &[("zone", "a")]),
        labelled("ab3", &[("zone", "A")]),
        labelled("Ab4", &[]),
    ] {
        store.create(&change(), &new).unwrap();
    }
    let prefix = |prefix: &str| GatewayFilter {
        prefix: prefix.to_owned(),
        ..all()
    };
    assert_eq!(names(&*store, &prefix("a")), ["a%2", "a_1", "ab3"]);
    assert_eq!(names(&*store, &prefix("a_")), ["a_1"], "no wildcard");
    assert_eq!(names(&*store, &prefix("a%")), ["a%2"], "no wildcard");
    let with = |labels: &[(&str, &str)]| GatewayFilter {
        labels: labelled("x", labels).gateway.labels,
        ..all()
    };
    assert_eq!(names(&*store, &with(&[("zone", "a")])), ["a%2", "a_1"]);
    let both = with(&[("zone", "a"), ("tier", "x")]);
    assert_eq!(names(&*store, &both), ["a_1"]);
    assert!(names(&*store, &with(&[("zone", "b")])).is_empty());
    let in_pages = GatewayFilter {
        after: Some("a%2".to_owned()),
        prefix: "a".to_owned(),
        ..with(&[("zone", "a")])
    };
    assert_eq!(names(&*store, &in_pages), ["a_1"]);
    let patch = GatewayPatch {
        name: Some("b5".to_owned()),
        labels: Some(BTreeMap::from([
            ("zone".to_owned(), None),
            ("tier".to_owned(), Some("y".to_owned())),
        ])),
        ..GatewayPatch::default()
    };
    let key = |name: &str| GatewayRef::Name(name.to_owned());
    store.update(&change(), &key("a_1"), &patch).unwrap();
    assert_eq!(names(&*store, &with(&[("zone", "a")])), ["a%2"]);
    assert_eq!(names(&*store, &with(&[("tier", "y")])), ["b5"]);
    assert!(names(&*store, &with(&[("tier", "x")])).is_empty());
    store.delete(&change(), &key("b5")).unwrap();
    assert!(names(&*store, &with(&[("tier", "y")])).is_empty());
    store.create(&change(), &bare("b5")).unwrap();
    assert_eq!(with(&[]).labels, BTreeMap::new());
    assert_eq!(names(&*store, &with(&[])).len(), 4);
}
