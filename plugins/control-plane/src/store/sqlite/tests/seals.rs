//! The seals of the audit log: of new rows, of rows that an older kt wrote, and of changed rows.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kt_control_api::AuditVerification;
use rusqlite::Connection;

use super::{change, gateway, open, version};
use crate::store::suite::verify;
use crate::store::{DATABASE_FILE, GatewayRef, SqliteStore, Store, StoredScope};

/// A file of the first schema, with audit rows.
const FIRST_SCHEMA: &str = include_str!("../schema/0001.sql");
const ROW: &str = "INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
                   VALUES(1, 'uid:0', 'req_x', 'gateway.create', 'gw_x', 1, '{\"name\":\"x\"}')";
const TOKEN: &str = "INSERT INTO tokens(id, name, kind, hash, hint, scope, created_by, created_at)
    VALUES('tok_aaaaaaaaaaaaaaaa', 'admin', 'access', randomblob(32), 'kt_at_xxx', 'admin', 'y', 1)";
const GATEWAY: &str = "BEGIN;
    INSERT INTO gateways(id, name, description, labels, rev, generation, last_version,
      desired_version, created_at, updated_at)
    VALUES('gw_aaaaaaaaaaaaaaaa', 'edge', '', '{}', 2, 2, 2, 2, 1, 2);
    INSERT INTO blobs VALUES(zeroblob(32), 'one');
    INSERT INTO config_versions VALUES
      ('gw_aaaaaaaaaaaaaaaa', 1, zeroblob(32), zeroblob(32), 3, 'x', 1, 'create', NULL, NULL, NULL),
      ('gw_aaaaaaaaaaaaaaaa', 2, zeroblob(32), zeroblob(32), 3, 'x', 1, 'revert', 1, NULL, 'y');
    COMMIT;";

fn check(directory: &Path) -> AuditVerification {
    verify(&open(directory))
}

fn corrupt_rows(directory: &Path) -> Vec<u64> {
    let report = check(directory);
    report.damage.iter().map(|damage| damage.seq).collect()
}

fn file(directory: &Path) -> Connection {
    Connection::open(directory.join(DATABASE_FILE)).unwrap()
}

#[test]
fn rows_of_the_first_schema_are_sealed_by_the_migration() {
    let directory = tempfile::tempdir().unwrap();
    let old = file(directory.path());
    old.execute_batch(FIRST_SCHEMA).unwrap();
    for (key, value) in [("epoch", "e"), ("oldest_writer", "1")] {
        old.execute("INSERT INTO meta(k, v) VALUES(?1, ?2)", [key, value])
            .unwrap();
    }
    old.pragma_update(None, "application_id", 0x6b74_6370)
        .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    for _ in 0..3 {
        old.execute(ROW, []).unwrap();
    }
    old.execute(TOKEN, []).unwrap();
    old.execute_batch(GATEWAY).unwrap();
    drop(old);
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(directory.path().join(DATABASE_FILE), private).unwrap();

    let store = open(directory.path());
    assert_eq!(
        (store.schema(), store.epoch().unwrap()),
        (SqliteStore::newest_schema(), "e".to_owned())
    );
    let kept = store.token_by_id(&"tok_aaaaaaaaaaaaaaaa".parse().unwrap());
    assert_eq!(kept.unwrap().scope, StoredScope::Admin);
    let edge = store.find(&GatewayRef::Name("edge".to_owned())).unwrap();
    assert_eq!(edge.desired.unwrap().version, 2);
    assert_eq!(store.content(&edge.gateway.id, 1).unwrap(), "one");
    let report = check(directory.path());
    assert_eq!((report.rows, report.unsealed), (3, 0));
    assert!(report.damage.is_empty(), "{report:?}");
}

#[test]
fn rows_of_an_older_kt_are_sealed_by_the_next_change() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.create(&change(), &gateway("edge")).unwrap();
    for _ in 0..2 {
        file(directory.path()).execute(ROW, []).unwrap();
    }
    let report = check(directory.path());
    assert_eq!((report.rows, report.unsealed), (3, 2));
    assert!(report.damage.is_empty(), "{report:?}");
    let edge = GatewayRef::Name("edge".to_owned());
    store.publish(&change(), &edge, &version("second")).unwrap();
    let report = check(directory.path());
    assert_eq!((report.rows, report.unsealed), (4, 0));
    assert!(report.damage.is_empty(), "{report:?}");
}

#[test]
fn corrupt_rows_are_reported() {
    for (sql, expected) in [
        ("UPDATE audit SET actor = 'uid:1' WHERE seq = 3", vec![3]),
        (
            "UPDATE audit SET hash = zeroblob(32) WHERE seq = 3",
            vec![4, 3],
        ),
        ("UPDATE audit SET hash = NULL WHERE seq = 3", vec![3]),
        ("DELETE FROM audit WHERE seq = 3", vec![4]),
        ("DELETE FROM audit WHERE seq <= 3", vec![4]),
        (
            "UPDATE audit SET detail = '{}' WHERE seq IN (2, 5)",
            vec![5, 2],
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        for n in 1..=6 {
            store.create(&change(), &gateway(&format!("g{n}"))).unwrap();
        }
        assert_eq!(corrupt_rows(directory.path()), Vec::<u64>::new());
        let by_hand = file(directory.path());
        by_hand
            .execute_batch("DROP TRIGGER audit_immutable; DROP TRIGGER audit_kept")
            .unwrap();
        by_hand.execute(sql, []).unwrap();
        assert_eq!(corrupt_rows(directory.path()), expected, "{sql}");
    }
}

#[test]
fn seals_cannot_be_changed_even_by_hand() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.create(&change(), &gateway("edge")).unwrap();
    let by_hand = file(directory.path());
    by_hand.execute(ROW, []).unwrap();
    for sql in [
        "UPDATE audit SET hash = zeroblob(32) WHERE seq = 1",
        "UPDATE audit SET hash = NULL WHERE seq = 1",
        "UPDATE audit SET hash = zeroblob(32), actor = 'x' WHERE seq = 2",
        "UPDATE audit SET actor = 'x' WHERE seq = 2",
    ] {
        assert!(by_hand.execute(sql, []).is_err(), "{sql}");
    }
}
