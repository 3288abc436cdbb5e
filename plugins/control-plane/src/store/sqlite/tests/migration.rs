//! The migration of a file that an older kt has written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kt_control_api::Timestamp;
use rusqlite::Connection;

use super::open;
use crate::store::migrations::SQLITE;
use crate::store::{AuditFilter, DATABASE_FILE, GatewayFilter, GatewayRef, SqliteStore, Store};

/// The schema before the indexes of instances, labels and the audit log.
const OLD: usize = 7;
const GATEWAY: &str = "
    INSERT INTO meta(k, v) VALUES('epoch', 'e'), ('oldest_writer', '1');
    INSERT INTO gateways(id, name, description, labels, rev, generation, created_at, updated_at)
    VALUES('gw_aaaaaaaaaaaaaaaa', 'edge', '', '{\"tier\":\"gold\"}', 4, 4, 1, 2);
    INSERT INTO instances(gateway_id, instance_id, seq, seen_at, lease_until, report)
    VALUES('gw_aaaaaaaaaaaaaaaa', 'in_aaaaaaaaaaaaaaaa', 1, 1, 1000000000000000,
      '{\"instance_id\":\"in_aaaaaaaaaaaaaaaa\",\"seq\":1,\"started_at\":\"2026-11-23T12:00:00Z\",
        \"lease_seconds\":30,\"source\":\"file\",\"rejection\":{\"code\":\"c\",\"message\":\"m\",
        \"version\":null,\"generation\":3,\"at\":\"2026-11-23T12:00:00Z\"}}');";

/// Creates a file of an older schema.
fn old_file(directory: &Path, schema: usize, rows: &str) {
    let path = directory.join(DATABASE_FILE);
    let file = Connection::open(&path).unwrap();
    for step in &SQLITE[..schema] {
        file.execute_batch(step).unwrap();
    }
    file.execute_batch(rows).unwrap();
    file.pragma_update(None, "application_id", 0x6b74_6370)
        .unwrap();
    file.pragma_update(None, "user_version", u32::try_from(schema).unwrap())
        .unwrap();
    drop(file);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn what_an_older_kt_stored_is_indexed() {
    let directory = tempfile::tempdir().unwrap();
    old_file(directory.path(), OLD, GATEWAY);
    let store = open(directory.path());
    assert_eq!(store.schema(), SqliteStore::newest_schema());
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

#[test]
fn the_audit_log_of_an_older_kt_has_spans() {
    let directory = tempfile::tempdir().unwrap();
    // One row in 3 of the numbers up to 9000: an older kt does not reuse those of failed changes.
    let rows = "INSERT INTO meta(k, v) VALUES('epoch', 'e'), ('oldest_writer', '1');
        INSERT INTO audit(seq, at, actor, request_id, action, target, detail)
        WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 3 FROM n WHERE i < 9000)
        SELECT i, i, 'x', 'req_x', 'store.backup', 'x', '{}' FROM n";
    old_file(directory.path(), OLD, rows);
    let store = open(directory.path());
    let numbers = |since, until| {
        let time = |micros| Timestamp::from_microsecond(micros).unwrap();
        let filter = AuditFilter {
            since: Some(time(since)),
            until: Some(time(until)),
            limit: 9000,
            ..AuditFilter::default()
        };
        let found = store.audit(&filter).unwrap();
        (found.first().map(|row| row.seq), found.len())
    };
    for (since, until, expected) in [
        (0, 10_000, (Some(9000), 3000)),
        (1024, 1025, (None, 0)),
        (1023, 1027, (Some(1026), 2)),
        (8190, 8194, (Some(8193), 2)),
        (8999, 9001, (Some(9000), 1)),
        (9001, 9002, (None, 0)),
    ] {
        assert_eq!(numbers(since, until), expected, "{since} {until}");
    }
}
