//! The audit log and its seals.

use std::thread;
use std::time::Duration;

use kt_control_api::{AuditEntry, AuditVerification, AuditVerifier, GatewayPatch, Timestamp};

use super::fixture::{StoreFixture, after, change, edge, gateway, version};
use crate::store::{AuditEvent, AuditFilter, ChangeContext, NewToken, Store, StoredScope};

/// Returns every row, the newest first.
pub(super) fn rows(store: &dyn Store) -> Vec<AuditEntry> {
    let filter = AuditFilter {
        limit: 1000,
        ..AuditFilter::default()
    };
    store.audit(&filter).unwrap()
}

/// Verifies the whole audit log.
pub(crate) fn verify(store: &dyn Store) -> AuditVerification {
    let mut check = AuditVerifier::default();
    rows(store).into_iter().for_each(|row| check.push(row));
    check.finish()
}

/// Asserts that an audit log of so many rows is valid.
fn assert_sealed(store: &dyn Store, expected: u64) {
    let report = verify(store);
    assert_eq!((report.rows, report.unsealed), (expected, 0), "{report:?}");
    assert!(report.damage.is_empty(), "{report:?}");
}

pub(crate) fn every_row_is_sealed(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let token = kt_control_api::Token::random(kt_control_api::TokenKind::Access);
    let odd = "\u{fc}\u{1f980} \"quoted\" \\ \n / \u{1} \u{7f}";
    store
        .add_token(&change(), &NewToken::of(&token, StoredScope::Admin, odd))
        .unwrap();
    let new = gateway("edge");
    store.create(&change(), &new).unwrap();
    store.publish(&change(), &edge(), &version("b")).unwrap();
    let patch = GatewayPatch {
        labels: Some([("zone".to_owned(), Some(odd.to_owned()))].into()),
        ..GatewayPatch::default()
    };
    store.update(&change(), &edge(), &patch).unwrap();
    store.delete(&change(), &edge()).unwrap();
    assert_sealed(&*store, 5);
    let found = rows(&*store);
    assert_eq!(found[4].detail["name"], odd);
    assert_eq!(found[1].detail["labels"]["zone"], odd);
    assert_eq!(
        (found[0].action.as_str(), found[0].rev),
        ("gateway.delete", Some(4))
    );
}

pub(crate) fn concurrent_writers_create_one_chain(fixture: &dyn StoreFixture) {
    fixture.open();
    thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                let store = fixture.open();
                for n in 0..8 {
                    let new = gateway(&format!("g{writer}-{n}"));
                    store.create(&change(), &new).unwrap();
                }
            });
        }
    });
    assert_sealed(&*fixture.open(), 32);
}

pub(crate) fn a_failed_change_leaves_no_gap_in_the_audit_log(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    assert!(store.create(&change(), &gateway("edge")).is_err());
    store.publish(&change(), &edge(), &version("b")).unwrap();
    let fixtures: Vec<u64> = rows(&*store).iter().map(|row| row.seq).collect();
    assert_eq!(fixtures, [2, 1]);
}

pub(crate) fn audit_rows_are_filtered(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let by = |actor: &str, seconds| ChangeContext {
        actor: actor.to_owned(),
        ..after(change(), Duration::from_secs(seconds))
    };
    let made: Vec<_> = [("ann", 1), ("bob", 2), ("ann", 3)]
        .into_iter()
        .map(|(actor, at)| {
            let new = gateway(&format!("g{at}"));
            store.create(&by(actor, at), &new).unwrap().gateway
        })
        .collect();
    let all = AuditFilter {
        limit: 10,
        ..AuditFilter::default()
    };
    let fixtures = |filter: AuditFilter| -> Vec<u64> {
        let found = store.audit(&filter).unwrap();
        found.iter().map(|row| row.seq).collect()
    };
    assert_eq!(fixtures(all.clone()), [3, 2, 1]);
    assert_eq!(
        fixtures(AuditFilter {
            limit: 1,
            ..all.clone()
        }),
        [3]
    );
    assert_eq!(
        fixtures(AuditFilter {
            before: Some(3),
            ..all.clone()
        }),
        [2, 1]
    );
    let from_oldest = |after| AuditFilter {
        after: Some(after),
        limit: 2,
        ..all.clone()
    };
    assert_eq!(fixtures(from_oldest(0)), [1, 2]);
    assert_eq!(fixtures(from_oldest(2)), [3]);
    let second = after(change(), Duration::from_secs(2)).now;
    assert_eq!(
        fixtures(AuditFilter {
            until: Some(second),
            ..all.clone()
        }),
        [1]
    );
    for (action, expected) in [("gateway.create", 3), ("config.publish", 0)] {
        let of_kind = AuditFilter {
            action: Some(action.to_owned()),
            ..all.clone()
        };
        assert_eq!(fixtures(of_kind).len(), expected, "{action}");
    }
    let ann = Some("ann".to_owned());
    assert_eq!(
        fixtures(AuditFilter {
            actor: ann,
            ..all.clone()
        }),
        [3, 1]
    );
    let target = Some(made[1].to_string());
    assert_eq!(
        fixtures(AuditFilter {
            target,
            ..all.clone()
        }),
        [2]
    );
    let since = Some(by("x", 2).now);
    assert_eq!(fixtures(AuditFilter { since, ..all }), [3, 2]);
}

pub(crate) fn an_event_is_a_row_like_any_other(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    let note = AuditEvent {
        action: "store.backup",
        target: "kept.db".to_owned(),
        detail: serde_json::json!({"size": 7, "odd": "\u{0}"}),
    };
    store.record_audit_event(&change(), &note).unwrap();
    assert_sealed(&*store, 2);
    let row = rows(&*store).remove(0);
    assert_eq!(
        (row.action.as_str(), row.target.as_str()),
        ("store.backup", "kept.db")
    );
    assert_eq!((row.actor, row.rev), (change().actor, None));
    assert_eq!(row.detail["size"], 7);
}

pub(crate) fn rows_of_an_interval_are_found_whatever_clocks_did(fixture: &dyn StoreFixture) {
    const ROWS: i64 = 3500;
    let store = fixture.open();
    // Times that increase, with some that are much earlier or later, and some that are the same.
    let at = |seq: i64| match seq {
        700 => 100_000_000,
        1024 | 2900 => 5,
        2048 => 1,
        2500..=2600 => 25_000,
        seq => seq * 10 / 3,
    };
    assert!(fixture.tamper(&format!(
        "INSERT INTO audit(at, actor, request_id, action, target, detail)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
         SELECT CASE WHEN i = 700 THEN 100000000 WHEN i IN (1024, 2900) THEN 5
             WHEN i = 2048 THEN 1 WHEN i BETWEEN 2500 AND 2600 THEN 25000 ELSE i * 10 / 3 END,
           CASE WHEN i % 100 = 0 THEN 'ann' ELSE 'bob' END, 'req_x', 'store.backup', 'x', '{{}}'
         FROM n"
    )));
    assert_eq!(fixture.count("SELECT count(*) FROM audit_spans"), 3);
    let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap();
    let bounds = [
        0,
        1,
        2,
        5,
        6,
        2000,
        3413,
        3414,
        7000,
        9000,
        11_666,
        25_000,
        50_000,
        200_000_000,
    ];
    let bounds = || bounds.into_iter().map(Some).chain([None]);
    for (since, until) in bounds().flat_map(|since| bounds().map(move |until| (since, until))) {
        for actor in [None, Some("ann".to_owned())] {
            let matches = |seq: &i64| {
                since.is_none_or(|since| at(*seq) >= since)
                    && until.is_none_or(|until| at(*seq) < until)
                    && (actor.is_none() || seq % 100 == 0)
            };
            let expected: Vec<i64> = (1..=ROWS).filter(matches).collect();
            let filter = AuditFilter {
                actor: actor.clone(),
                since: since.map(time),
                until: until.map(time),
                limit: 40,
                ..AuditFilter::default()
            };
            let numbers = |filter: AuditFilter| -> Vec<i64> {
                let found = store.audit(&filter).unwrap().into_iter();
                found.map(|row| row.seq.try_into().unwrap()).collect()
            };
            let case = format!("{since:?} {until:?} {actor:?}");
            let newest: Vec<_> = expected.iter().rev().take(40).copied().collect();
            assert_eq!(numbers(filter.clone()), newest, "{case}");
            let oldest: Vec<_> = expected.iter().take(40).copied().collect();
            let oldest_first = AuditFilter {
                after: Some(0),
                ..filter
            };
            assert_eq!(numbers(oldest_first), oldest, "{case}");
        }
    }
}
