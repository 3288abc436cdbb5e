use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::GatewayId;

use super::{Database, RecordingListeners};
use crate::store::suite::{StoreFixture, change, gateway, version};
use crate::store::{ChangeListeners, GatewayRef, PostgresStore, Store};

/// Well below the 30 seconds after which a poll times out.
const SOON: Duration = Duration::from_secs(20);

impl RecordingListeners {
    fn at(store: &PostgresStore, watched_gateways: &[&GatewayId]) -> Arc<Self> {
        let listeners = Arc::new(Self {
            watched_gateways: watched_gateways.iter().map(|id| (*id).clone()).collect(),
            ..Self::default()
        });
        let listening: Arc<dyn ChangeListeners> = Arc::clone(&listeners) as _;
        store.listen(Arc::downgrade(&listening) as Weak<_>);
        listeners
    }

    fn wait_for(&self, gateway: &GatewayId) {
        until("the notifications", || {
            self.notified.lock().unwrap().contains(gateway)
        });
    }

    fn forget(&self) {
        self.notified.lock().unwrap().clear();
    }
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < end, "timed out waiting for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn listening(database: &Database) -> u64 {
    database.count(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'kt control-plane notifications'
             AND state = 'idle' AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_snapshot%')",
    )
}

/// Terminates connections; between two statements none may match.
fn terminate(database: &Database, whose: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND {whose}"
    );
    until(whose, || !database.rows(&sql).unwrap().is_empty());
}

#[test]
fn a_change_is_notified_to_all_servers() {
    let Some(database) = Database::new() else {
        return;
    };
    let (one, other) = (database.store(), database.store());
    let here = RecordingListeners::at(&one, &[]);
    let there = RecordingListeners::at(&other, &[]);
    until("both to listen", || listening(&database) == 2);
    let made = one.create(&change(), &gateway("edge")).unwrap().gateway;
    here.wait_for(&made);
    there.wait_for(&made);
    until("its own notification", || {
        here.round_trips.load(Ordering::SeqCst) > 0
    });
    assert_eq!(there.round_trips.load(Ordering::SeqCst), 0);
    there.forget();
    let rim = one.create(&change(), &gateway("rim")).unwrap().gateway;
    let key = GatewayRef::Id(made.clone());
    let same = one.publish(&change(), &key, &version("first")).unwrap();
    assert!(same.unchanged);
    one.delete(&change(), &GatewayRef::Id(rim.clone())).unwrap();
    there.wait_for(&rim);
    assert!(
        !there.notified.lock().unwrap().contains(&made),
        "nothing changed"
    );
}

#[test]
fn a_change_without_a_notification_is_found_by_comparison() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    let made = store.create(&change(), &gateway("edge")).unwrap().gateway;
    let listeners = RecordingListeners::at(&store, &[&made]);
    listeners.wait_for(&made);
    // Received later, it would count as the notification of a later change.
    until("the notification of the creation", || {
        listeners.round_trips.load(Ordering::SeqCst) > 0
    });
    listeners.forget();
    // A change without a notification: its server was killed after the commit.
    assert!(database.tamper("UPDATE kt.gateways SET rev = rev + 1"));
    listeners.wait_for(&made);
    listeners.forget();
    terminate(
        &database,
        "application_name = 'kt control-plane notifications'",
    );
    assert!(database.tamper("UPDATE kt.gateways SET rev = rev + 1"));
    listeners.wait_for(&made);
    until("the missed notification", || {
        listeners.missed.lock().unwrap().contains(&made)
    });
}

#[test]
fn the_listening_connection_ends_with_its_listeners() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    let listeners = RecordingListeners::at(&store, &[]);
    until("it to listen", || listening(&database) == 1);
    drop(listeners);
    until("it to end", || {
        database.count(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'kt control-plane notifications'",
        ) == 0
    });
}

#[test]
fn lost_connections_are_replaced_between_requests() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    store.create(&change(), &gateway("edge")).unwrap();
    let edge = GatewayRef::Name("edge".to_owned());
    for round in 2..8 {
        terminate(&database, "true");
        let receipt = store
            .publish(&change(), &edge, &version(&round.to_string()))
            .unwrap();
        assert_eq!(receipt.version, Some(round));
        terminate(&database, "true");
        assert_eq!(store.find(&edge).unwrap().gateway.last_version, round);
        terminate(&database, "true");
        store
            .create(&change(), &gateway(&format!("g{round}")))
            .unwrap();
    }
}
