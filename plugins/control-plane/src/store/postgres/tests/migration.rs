//! The migration of a database that an older kt has written.

use std::collections::BTreeMap;

use kt_control_api::Timestamp;

use super::Database;
use crate::store::migrations::POSTGRES;
use crate::store::{GatewayFilter, GatewayRef, Store};

/// The schema before the indexes of instances, labels and the audit log.
const OLD: usize = 5;
const GATEWAY: &str = "
    INSERT INTO meta(k, v) VALUES('application', 'kt control-plane'), ('epoch', 'e'),
      ('oldest_writer', '1');
    INSERT INTO gateways(id, name, description, labels, rev, generation, created_at, updated_at)
    VALUES('gw_aaaaaaaaaaaaaaaa', 'edge', '', '{\"tier\":\"gold\"}', 4, 4, 1, 2);
    INSERT INTO instances(gateway_id, instance_id, seq, seen_at, lease_until, report)
    VALUES('gw_aaaaaaaaaaaaaaaa', 'in_aaaaaaaaaaaaaaaa', 1, 1, 1000000000000000,
      '{\"instance_id\":\"in_aaaaaaaaaaaaaaaa\",\"seq\":1,\"started_at\":\"2026-11-23T12:00:00Z\",
        \"lease_seconds\":30,\"source\":\"file\",\"rejection\":{\"code\":\"c\",\"message\":\"m\",
        \"version\":null,\"generation\":3,\"at\":\"2026-11-23T12:00:00Z\"}}');";

/// Creates an older schema in a database.
fn old_schema(database: &Database, schema: usize, rows: &str) {
    let mut sql = "CREATE SCHEMA kt; SET search_path = kt;".to_owned();
    sql.extend(POSTGRES[..schema].iter().copied());
    let version = format!("INSERT INTO meta(k, v) VALUES('schema', '{schema}');");
    drop(database.batch(&(sql + rows + &version)));
}

#[test]
fn what_an_older_kt_stored_is_indexed() {
    let Some(database) = Database::new() else {
        return;
    };
    old_schema(&database, OLD, GATEWAY);
    let store = database.store();
    assert_eq!(store.schema() as usize, POSTGRES.len());
    let edge = GatewayRef::Name("edge".to_owned());
    let id = store.desired_state(&edge).unwrap().gateway.id;
    let gold = GatewayFilter {
        labels: BTreeMap::from([("tier".to_owned(), "gold".to_owned())]),
        limit: 2,
        ..GatewayFilter::default()
    };
    assert_eq!(store.list(&gold).unwrap().len(), 1);
    let awaits = |generation| {
        let now = Timestamp::UNIX_EPOCH;
        store.awaits_answer(&id, generation, now).unwrap()
    };
    assert_eq!((awaits(3), awaits(4)), (false, true));
}
