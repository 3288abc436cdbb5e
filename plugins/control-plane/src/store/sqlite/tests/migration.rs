//! The migration of a file that an older kt has written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kt_control_api::Timestamp;
use rusqlite::Connection;

use super::open;
use crate::store::migrations::SQLITE;
use crate::store::{DATABASE_FILE, GatewayRef, SqliteStore, Store};

/// The schema before instances had the generation they have answered.
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
fn stored_reports_have_the_generation_that_they_answer() {
    let directory = tempfile::tempdir().unwrap();
    old_file(directory.path(), OLD, GATEWAY);
    let store = open(directory.path());
    assert_eq!(store.schema(), SqliteStore::newest_schema());
    let edge = GatewayRef::Name("edge".to_owned());
    let id = store.desired_state(&edge).unwrap().gateway.id;
    let awaits = |generation| {
        let now = Timestamp::UNIX_EPOCH;
        store.awaits_answer(&id, generation, now).unwrap()
    };
    assert_eq!((awaits(3), awaits(4)), (false, true));
}
