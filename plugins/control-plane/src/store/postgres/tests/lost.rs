use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::GatewayId;

use super::{Database, RecordingListeners};
use crate::store::suite::{StoreFixture, change, gateway, version};
use crate::store::{ChangeListeners, GatewayRef, PostgresStore, Store};

/// Well below the 30 seconds after which a poll ends by itself.
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

    fn hears_of(&self, gateway: &GatewayId) {
        until("the notifications", || {
            self.told.lock().unwrap().contains(gateway)
        });
    }

    fn forget(&self) {
        self.told.lock().unwrap().clear();
    }
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn listening(database: &Database) -> u64 {
    database.count(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'kt control-plane notifications'
             AND state = 'idle' AND query LIKE 'LISTEN%'",
    )
}

/// Ends connections; between two statements a connection may be of no kind.
fn cut(database: &Database, whose: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND {whose}"
    );
    until(whose, || !database.rows(&sql).unwrap().is_empty());
}

#[test]
fn a_change_at_one_server_is_heard_at_another_and_itself() {
    let Some(database) = Database::new() else {
        return;
    };
    let (one, other) = (database.store(), database.store());
    let here = RecordingListeners::at(&one, &[]);
    let there = RecordingListeners::at(&other, &[]);
    until("both to listen", || listening(&database) == 2);
    let made = one.create(&change(), &gateway("edge")).unwrap().gateway;
    here.hears_of(&made);
    there.hears_of(&made);
    until("its own word", || {
        here.heard_itself.load(Ordering::SeqCst) > 0
    });
    assert_eq!(there.heard_itself.load(Ordering::SeqCst), 0);
    there.forget();
    let rim = one.create(&change(), &gateway("rim")).unwrap().gateway;
    let key = GatewayRef::Id(made.clone());
    let same = one.publish(&change(), &key, &version("first")).unwrap();
    assert!(same.unchanged);
    one.delete(&change(), &GatewayRef::Id(rim.clone())).unwrap();
    there.hears_of(&rim);
    assert!(
        !there.told.lock().unwrap().contains(&made),
        "nothing changed"
    );
}

#[test]
fn what_is_missed_while_nobody_listens_is_found_by_the_sweep() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    let made = store.create(&change(), &gateway("edge")).unwrap().gateway;
    let listeners = RecordingListeners::at(&store, &[&made]);
    listeners.hears_of(&made);
    listeners.forget();
    // A change without any message: its maker died after the commit.
    assert!(database.tamper("UPDATE kt.gateways SET rev = rev + 1"));
    listeners.hears_of(&made);
    listeners.forget();
    cut(
        &database,
        "query LIKE 'LISTEN%' OR query LIKE 'SELECT id, rev%'",
    );
    assert!(database.tamper("UPDATE kt.gateways SET rev = rev + 1"));
    listeners.hears_of(&made);
    until("the lack of a word", || {
        listeners.missed.lock().unwrap().contains(&made)
    });
}

#[test]
fn a_listener_ends_with_those_who_listen() {
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
        cut(&database, "true");
        let receipt = store
            .publish(&change(), &edge, &version(&round.to_string()))
            .unwrap();
        assert_eq!(receipt.version, Some(round));
        cut(&database, "true");
        assert_eq!(store.find(&edge).unwrap().gateway.last_version, round);
        cut(&database, "true");
        store
            .create(&change(), &gateway(&format!("g{round}")))
            .unwrap();
    }
}
