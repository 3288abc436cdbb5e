//! States that several servers store.

use super::Database;
use crate::store::suite::{StoreFixture, change, gateway};

#[test]
fn states_that_another_server_stores_are_left_to_it() {
    let Some(database) = Database::new() else {
        return;
    };
    let (store, now) = (database.open(), change().now);
    store.create(&change(), &gateway("edge")).unwrap();
    let end = "UPDATE kt.gateway_states SET valid_until = 0";
    drop(database.batch(end));
    let other = database.batch("BEGIN; SELECT FROM kt.gateway_states FOR UPDATE");
    assert!(store.has_unsettled_states(now).unwrap());
    assert!(!store.settle_states(now).unwrap(), "it does not wait");
    database.continue_batch(&other, "COMMIT");
    assert!(store.settle_states(now).unwrap());
    assert!(!store.has_unsettled_states(now).unwrap());
    assert!(!store.settle_states(now).unwrap());
}
