//! Versions that are published at the same time share a transaction.

use std::thread;
use std::time::{Duration, Instant};

use super::Database;
use crate::store::suite::{StoreFixture, change, gateway, keyed, requiring, verify, version};
use crate::store::{ChangeReceipt, GatewayRef, Store, StoreError};

const WAITS: &str = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE NOT granted AND datname = current_database()";
const TRANSACTIONS: &str = "SELECT count(DISTINCT xmin::text) FROM kt.config_versions
    WHERE version = 2 AND gateway_id <> (SELECT id FROM kt.gateways WHERE name = 'g0')";

fn named(number: usize) -> GatewayRef {
    GatewayRef::Name(format!("g{number}"))
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "the condition is not met");
        thread::yield_now();
    }
}

#[test]
fn versions_that_wait_are_committed_together() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    for number in 0..6 {
        let new = gateway(&format!("g{number}"));
        store.create(&change(), &new).unwrap();
    }
    // Other transactions wait for it before they write an audit row.
    let writer = database.batch("BEGIN; SELECT pg_advisory_xact_lock(1802789237)");
    let publish = |number, text: &'static str, context| {
        let store = &store;
        move || store.publish(&context, &named(number), &version(text))
    };
    let results: Vec<Result<ChangeReceipt, StoreError>> = thread::scope(|scope| {
        let first = scope.spawn(publish(0, "second", change()));
        wait_until(|| database.count(WAITS) > 0);
        let others = [
            scope.spawn(publish(1, "second", change())),
            scope.spawn(publish(2, "second", change())),
            scope.spawn(publish(3, "second", keyed("k", 1))),
            // Each is for one of these, or repeats the request.
            scope.spawn(publish(1, "third", change())),
            scope.spawn(publish(3, "second", keyed("k", 1))),
            scope.spawn(publish(4, "second", requiring(99))),
            scope.spawn(publish(5, "first", change())),
            scope.spawn(publish(9, "second", change())),
        ];
        wait_until(|| store.group_commit.len() == others.len());
        database.continue_batch(&writer, "COMMIT");
        let all = [first].into_iter().chain(others);
        all.map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(database.count(TRANSACTIONS), 1);
    let [
        first,
        one,
        two,
        three,
        again,
        repeated,
        conflict,
        same,
        missing,
    ] = &results[..]
    else {
        panic!("there are nine requests");
    };
    for published in [first, one, two, three, again, repeated] {
        published.as_ref().unwrap();
    }
    let versions = |receipts: [&Result<ChangeReceipt, StoreError>; 2]| {
        let mut versions = receipts.map(|receipt| receipt.as_ref().unwrap().version);
        versions.sort();
        versions
    };
    assert_eq!(versions([one, again]), [Some(2), Some(3)]);
    assert_eq!(versions([three, repeated]), [Some(2), Some(2)]);
    assert!(same.as_ref().unwrap().unchanged);
    assert!(matches!(conflict, Err(StoreError::RevisionMismatch { .. })));
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
    assert!(verify(&store).damage.is_empty());
}

/// A statement that fails ends the transaction of all; each is then published on its own.
#[test]
fn a_version_that_fails_does_not_affect_others() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    for number in 0..3 {
        let new = gateway(&format!("g{number}"));
        store.create(&change(), &new).unwrap();
    }
    let reject = "CREATE FUNCTION kt.reject() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'rejected'; END $$;
        CREATE TRIGGER reject BEFORE INSERT ON kt.config_versions FOR EACH ROW
        WHEN (NEW.message = 'reject') EXECUTE FUNCTION kt.reject()";
    drop(database.batch(reject));
    let writer = database.batch("BEGIN; SELECT pg_advisory_xact_lock(1802789237)");
    thread::scope(|scope| {
        let publish = |number, message: Option<&str>| {
            let mut new = version("second");
            new.message = message.map(str::to_owned);
            let store = &store;
            scope.spawn(move || store.publish(&change(), &named(number), &new))
        };
        let first = publish(0, None);
        wait_until(|| database.count(WAITS) > 0);
        let (fails, succeeds) = (publish(1, Some("reject")), publish(2, None));
        wait_until(|| store.group_commit.len() == 2);
        database.continue_batch(&writer, "COMMIT");
        first.join().unwrap().unwrap();
        let error = fails.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("rejected"), "{error}");
        assert_eq!(succeeds.join().unwrap().unwrap().version, Some(2));
    });
    assert!(verify(&store).damage.is_empty());
}
