//! Reports of instances.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use kt_control_api::{AppliedVersion, InstanceId, Rejection};

use super::fixture::{StoreFixture, change, edge, gateway, now, report, version};
use crate::store::{GatewayRef, StoreError};

pub(crate) fn the_newest_report_counts(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let rev = store.find(&edge()).unwrap().gateway.rev;
    let first = store.report(now(), &edge(), &report(0, 5)).unwrap();
    assert_eq!((first.generation, first.ignored), (1, false));
    assert_eq!(first.lease_until, now() + Duration::from_secs(30));
    let later = now() + Duration::from_secs(1);
    for stale in [4, 5] {
        let receipt = store.report(later, &edge(), &report(0, stale)).unwrap();
        assert!(receipt.ignored);
        assert_eq!(receipt.lease_until, first.lease_until);
    }
    store.report(later, &edge(), &report(1, 1)).unwrap();
    let found = store.find(&edge()).unwrap();
    let seen: Vec<_> = found.instances.iter().map(|i| i.report.clone()).collect();
    assert_eq!(
        seen,
        [report(1, 1), report(0, 5)],
        "the most recently seen first"
    );
    assert_eq!(found.instances[1].seen_at, now());
    assert_eq!(found.gateway.rev, rev, "reports do not change the revision");
    store.delete(&change(), &edge()).unwrap();
    let gone = store.report(later, &edge(), &report(0, 6)).unwrap_err();
    assert!(matches!(gone, StoreError::NotFound(_)), "{gone}");
}

pub(crate) fn each_new_answer_is_stored(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let applied = |generation| {
        Some(AppliedVersion {
            version: Some(1),
            sha256: version("first").sha256,
            generation,
            at: now(),
        })
    };
    let refused = |message: &str| {
        Some(Rejection {
            code: "too-big".to_owned(),
            message: message.to_owned(),
            pointer: None,
            file: None,
            line: Some(3),
            column: None,
            version: Some(2),
            generation: 2,
            at: now(),
        })
    };
    let mut answer = report(0, 1);
    answer.applied = applied(1);
    store.report(now(), &edge(), &answer).unwrap();
    answer.seq = 2;
    store.report(now(), &edge(), &answer).unwrap();
    answer.seq = 3;
    answer.rejection = refused("why");
    store.report(now(), &edge(), &answer).unwrap();
    answer.seq = 4;
    answer.applied = applied(3);
    answer.rejection = refused("why not");
    store.report(now(), &edge(), &answer).unwrap();
    let id = store.find(&edge()).unwrap().gateway.id;
    store
        .publish(&change(), &edge(), &version("second"))
        .unwrap();
    let numbers = |before| {
        let versions = store.applied_versions(&id, before, 9).unwrap();
        versions.iter().map(|v| v.version).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None), [1], "version 2 was rejected");
    assert_eq!(numbers(Some(1)), [0; 0]);
    let sql = "SELECT outcome || ' ' || CAST(generation AS TEXT) || ' ' || coalesce(message, '-')
               FROM apply_history ORDER BY seq";
    assert_eq!(
        fixture.texts(sql),
        [
            "applied 1 -",
            "rejected 2 why",
            "applied 3 -",
            "rejected 2 why not"
        ]
    );
    let stored = &store.find(&edge()).unwrap().instances[0];
    assert_eq!(stored.report, answer);
}

pub(crate) fn outcomes_are_bounded_and_idle_instances_add_none(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    store.create(&change(), &gateway("other")).unwrap();
    let stored = |name: &str| {
        fixture.count(&format!(
            "SELECT count(*) FROM apply_history h JOIN gateways g ON g.id = h.gateway_id
             WHERE g.name = '{name}'"
        ))
    };
    assert!(fixture.tamper(
        "INSERT INTO apply_history(at, gateway_id, instance_id, generation, version, outcome)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10500)
         SELECT i, g.id, 'in_aaaaaaaaaaaaaaaa', 1, 1, 'applied' FROM n, gateways g",
    ));
    let mut answer = report(0, 0);
    for seq in 1..=400 {
        answer.seq = seq;
        answer.applied = Some(AppliedVersion {
            version: None,
            sha256: version("first").sha256,
            generation: seq,
            at: now(),
        });
        store.report(now(), &edge(), &answer).unwrap();
    }
    let kept = stored("edge");
    assert!((10_000..10_400).contains(&kept), "{kept}");
    assert_eq!(stored("other"), 10_500, "of another gateway");
    let newest = "SELECT CAST(max(generation) AS TEXT) FROM apply_history";
    assert_eq!(fixture.texts(newest), ["400"]);
    for seq in 401..=500 {
        answer.seq = seq;
        store.report(now(), &edge(), &answer).unwrap();
    }
    assert_eq!(stored("edge"), kept, "an idle instance");
}

pub(crate) fn live_instances_are_never_forgotten(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    for instance in 0..120 {
        store.report(now(), &edge(), &report(instance, 1)).unwrap();
    }
    assert_eq!(store.find(&edge()).unwrap().instances.len(), 120);
    // All leases but that of the first have expired when another instance comes.
    let later = now() + Duration::from_secs(20);
    store.report(later, &edge(), &report(0, 2)).unwrap();
    let last = now() + Duration::from_secs(31);
    store.report(last, &edge(), &report(120, 1)).unwrap();
    let found = store.find(&edge()).unwrap().instances;
    assert_eq!(found.len(), 52, "fifty that expired, and two live ones");
    assert_eq!(found[0].report, report(120, 1));
    assert_eq!(
        (found[1].seq, found[1].report.instance_id.clone()),
        (2, report(0, 2).instance_id)
    );
    assert!(found[2..].iter().all(|one| !one.is_live(last)));
}

pub(crate) fn instances_that_have_not_answered_are_found(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let id = store.desired_state(&edge()).unwrap().gateway.id;
    let awaits = |generation, at| store.awaits_answer(&id, generation, at).unwrap();
    assert!(!awaits(1, now()), "there is no instance");
    let mut silent = report(0, 1);
    store.report(now(), &edge(), &silent).unwrap();
    assert!(awaits(1, now()));
    let expired = now() + Duration::from_secs(30);
    assert!(!awaits(1, expired), "it is not live any more");
    // More than are read at a time, and none of them is live.
    for instance in 1..120 {
        let mut stopped = report(instance, 1);
        stopped.stopping = true;
        store.report(now(), &edge(), &stopped).unwrap();
    }
    for (seq, applied, rejected, unanswered) in [
        (2, Some(2), None, 3),
        (3, Some(2), Some(4), 5),
        (4, Some(6), Some(4), 7),
    ] {
        silent.seq = seq;
        silent.applied = applied.map(|generation| AppliedVersion {
            version: Some(1),
            sha256: version("first").sha256,
            generation,
            at: now(),
        });
        silent.rejection = rejected.map(|generation| Rejection {
            code: "too-big".to_owned(),
            message: "why".to_owned(),
            pointer: None,
            file: None,
            line: None,
            column: None,
            version: None,
            generation,
            at: now(),
        });
        store.report(now(), &edge(), &silent).unwrap();
        assert!(!awaits(unanswered - 1, now()), "{seq}");
        assert!(awaits(unanswered, now()), "{seq}");
    }
    let stored = store.instance(&id, &silent.instance_id).unwrap().unwrap();
    assert_eq!(stored.report, silent);
    let unknown = InstanceId::random();
    assert!(store.instance(&id, &unknown).unwrap().is_none());
}

pub(crate) fn the_desired_state_is_that_of_the_snapshot(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    store
        .publish(&change(), &edge(), &version("second"))
        .unwrap();
    store.report(now(), &edge(), &report(0, 1)).unwrap();
    let (state, snapshot) = (
        store.desired_state(&edge()).unwrap(),
        store.find(&edge()).unwrap(),
    );
    assert_eq!(state.epoch, store.epoch().unwrap());
    assert_eq!(state.gateway, snapshot.gateway);
    assert_eq!(state.desired, snapshot.desired);
    let id = GatewayRef::Id(state.gateway.id);
    assert_eq!(store.desired_state(&id).unwrap().gateway, snapshot.gateway);
    store.delete(&change(), &edge()).unwrap();
    let gone = store.desired_state(&id).unwrap_err();
    assert!(matches!(gone, StoreError::Gone(_)), "{gone}");
    let unknown = store.desired_state(&edge()).unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound(_)), "{unknown}");
}

pub(crate) fn reports_of_one_instance_are_serialized(fixture: &dyn StoreFixture) {
    const EACH: u64 = 20;
    fixture.open().create(&change(), &gateway("edge")).unwrap();
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for reporter in 0..4 {
            let start = &start;
            scope.spawn(move || {
                let store = fixture.open();
                start.wait();
                for n in 0..EACH {
                    let mut report = report(0, n * 4 + reporter + 1);
                    report.applied = Some(AppliedVersion {
                        version: None,
                        sha256: version("first").sha256,
                        generation: report.seq,
                        at: now(),
                    });
                    store.report(now(), &edge(), &report).unwrap();
                }
            });
        }
    });
    let found = fixture.open().find(&edge()).unwrap().instances;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].report.seq, 4 * EACH, "the newest report is stored");
    let sql = "SELECT CAST(generation AS TEXT) FROM apply_history ORDER BY seq";
    let answers: Vec<u64> = fixture
        .texts(sql)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    assert!(
        answers.is_sorted(),
        "each newer than the one before: {answers:?}"
    );
}
