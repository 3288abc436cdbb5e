//! Halts of gateways.

use std::time::Duration;

use super::fixture::{StoreFixture, after, change, edge, gateway, requiring, version};
use crate::store::{GatewayAction, GatewayRef, HaltChange, StoreError};

fn halt(reason: &str, until: Option<Duration>) -> GatewayAction {
    GatewayAction::Halt(HaltChange::Halt {
        reason: reason.to_owned(),
        until: until.map(|time| change().now + time),
    })
}

fn unhalt() -> GatewayAction {
    GatewayAction::Halt(HaltChange::Unhalt {
        reason: Some("fixed".to_owned()),
    })
}

pub(crate) fn several_gateways_are_halted_together(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let names = ["a", "b", "c"];
    let created = names.map(|name| gateway(name).gateway.id);
    let ids: Vec<_> = names
        .iter()
        .map(|name| store.create(&change(), &gateway(name)).unwrap().gateway)
        .collect();
    let GatewayAction::Halt(leak) = halt("leak", Some(Duration::from_secs(60))) else {
        unreachable!()
    };
    let GatewayAction::Halt(end) = unhalt() else {
        unreachable!()
    };
    // `b` is halted for the same reason and as long already, and some do not exist.
    let b = GatewayRef::Name("b".to_owned());
    store
        .act(&change(), &b, &GatewayAction::Halt(leak.clone()))
        .unwrap();
    store
        .delete(&change(), &GatewayRef::Name("c".to_owned()))
        .unwrap();
    let all: Vec<_> = ids.iter().chain(&created).cloned().collect();
    let rows = fixture.count(&format!("SELECT count(*) FROM {}", fixture.table("audit")));
    let mut halted = store.change_halts(&change(), &all, &leak).unwrap();
    halted.sort_by_key(|halt| halt.id != ids[0]);
    let found: Vec<_> = halted.iter().map(|halt| &halt.id).collect();
    assert_eq!(found, [&ids[0], &ids[1]]);
    assert!(halted.iter().all(|one| one.halt_generation == 1));
    for one in &halted {
        let row = store.find(&GatewayRef::Id(one.id.clone())).unwrap().gateway;
        assert_eq!((row.halt.as_ref(), row.rev), (one.halt.as_ref(), 2));
        assert_eq!(row.halt.unwrap().reason, "leak");
    }
    let count = || fixture.count(&format!("SELECT count(*) FROM {}", fixture.table("audit")));
    assert_eq!(count(), rows + 1, "a row for each that was changed");
    let unhalted = store.change_halts(&change(), &all, &end).unwrap();
    assert!(
        unhalted
            .iter()
            .all(|one| one.halt.is_none() && one.halt_generation == 2)
    );
    assert_eq!(count(), rows + 3);
    assert!(
        store
            .change_halts(&change(), &created, &end)
            .unwrap()
            .is_empty()
    );
}

pub(crate) fn a_halt_concerns_no_version(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let before = store.find(&edge()).unwrap().gateway;
    let halted = store.act(&change(), &edge(), &halt("leak", None));
    assert!(!halted.unwrap().unchanged);
    let row = store.desired_state(&edge()).unwrap().gateway;
    assert_eq!((row.halt_generation, row.rev), (1, before.rev + 1));
    assert_eq!(
        (row.generation, row.last_version, row.desired_version),
        (
            before.generation,
            before.last_version,
            before.desired_version
        )
    );
    let found = row.halt.unwrap();
    assert_eq!((found.reason.as_str(), found.by.as_str()), ("leak", "test"));
    // Publishing while it is halted changes nothing of it.
    store.publish(&change(), &edge(), &version("two")).unwrap();
    let row = store.find(&edge()).unwrap().gateway;
    assert_eq!(row.halt.unwrap().reason, "leak");
    let ended = store.act(&change(), &edge(), &unhalt()).unwrap();
    assert!(!ended.unchanged);
    let row = store.find(&edge()).unwrap().gateway;
    assert_eq!((row.halt, row.halt_generation), (None, 2));
    let again = store.act(&change(), &edge(), &unhalt()).unwrap();
    assert!(again.unchanged, "it is not halted");
    assert_eq!(
        fixture.texts("SELECT action FROM audit ORDER BY seq"),
        [
            "gateway.create",
            "gateway.halt",
            "config.publish",
            "gateway.unhalt"
        ]
    );
    let details = fixture.texts("SELECT detail FROM audit ORDER BY seq");
    assert!(details[1].contains("leak"), "{details:?}");
    assert!(details[3].contains("fixed"), "{details:?}");
}

pub(crate) fn a_second_halt_replaces_reason_and_end(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let hour = Duration::from_secs(3600);
    let first = halt("leak", Some(hour));
    store.act(&change(), &edge(), &first).unwrap();
    let same = store.act(&change(), &edge(), &first).unwrap();
    assert!(same.unchanged);
    let later = after(change(), Duration::from_secs(60));
    let second = halt("worse leak", None);
    store.act(&later, &edge(), &second).unwrap();
    let row = store.find(&edge()).unwrap().gateway;
    let found = row.halt.unwrap();
    assert_eq!((found.reason.as_str(), found.until), ("worse leak", None));
    assert_eq!(found.since, change().now, "it is halted since the first");
    let refused = store.act(&requiring(1), &edge(), &first);
    assert!(matches!(
        refused.unwrap_err(),
        StoreError::RevisionMismatch { .. }
    ));
}

pub(crate) fn a_halt_ends_by_itself(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let minute = Duration::from_secs(60);
    let temporary = halt("drill", Some(minute));
    store.act(&change(), &edge(), &temporary).unwrap();
    let halted = store.find(&edge()).unwrap();
    assert!(halted.view(change().now).halt.is_some());
    let end = change().now + minute;
    assert_eq!(halted.view(end).halt, None);
    let later = after(change(), minute);
    let ended = store.act(&later, &edge(), &unhalt()).unwrap();
    assert!(ended.unchanged, "it has ended");
    // Another halt is a new one.
    let again = halt("leak", None);
    store.act(&later, &edge(), &again).unwrap();
    let found = store.find(&edge()).unwrap().gateway.halt.unwrap();
    assert_eq!(found.since, end);
}

pub(crate) fn a_new_gateway_of_the_same_name_is_not_halted(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let halted = halt("leak", None);
    store.act(&change(), &edge(), &halted).unwrap();
    store.delete(&change(), &edge()).unwrap();
    store.create(&change(), &gateway("edge")).unwrap();
    let row = store.find(&edge()).unwrap().gateway;
    assert_eq!((row.halt, row.halt_generation), (None, 0));
}
