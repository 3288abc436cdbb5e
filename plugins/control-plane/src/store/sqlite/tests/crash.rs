//! Kills a process at every crash point of a change, and checks the store afterwards.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use kt_control_api::{RevertRequest, Timestamp, Token, TokenKind};
use rusqlite::Connection;

use super::{change, gateway, open, version};
use crate::store::{
    DATABASE_FILE, GatewayRef, NewToken, PruneOptions, SqliteStore, Store, StoredScope, TokenFilter,
};

/// The directory of the store of the killed process.
const DIRECTORY: &str = "KT_TEST_CRASH_DIR";

/// Opens the store in the process that is killed; `None` in others.
fn store_of_victim() -> Option<SqliteStore> {
    let directory = env::var_os(DIRECTORY)?;
    Some(open(Path::new(&directory)))
}

/// Runs in the process that is killed, up to a crash point.
#[test]
#[ignore = "is run, and killed, by another test"]
fn victim() {
    let Some(store) = store_of_victim() else {
        return;
    };
    let edge = GatewayRef::Name("edge".to_owned());
    store.create(&change(), &gateway("edge")).unwrap();
    store.publish(&change(), &edge, &version("second")).unwrap();
    store
        .revert(
            &change(),
            &edge,
            &RevertRequest {
                version: 1,
                reason: None,
            },
        )
        .unwrap();
}

/// Kills a process at a crash point. Returns how many versions there are afterwards, 0 without a
/// gateway.
fn versions_after_kill_at(point: &str) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    killed("victim", directory.path(), point);
    whole(directory.path(), point);
    let found = open(directory.path()).find(&GatewayRef::Name("edge".to_owned()));
    found.map_or(0, |snapshot| {
        assert_eq!(
            snapshot.desired.unwrap().version,
            snapshot.gateway.last_version
        );
        snapshot.gateway.last_version
    })
}

/// Rotates a token, and is killed.
#[test]
#[ignore = "is run, and killed, by another test"]
fn rotating_victim() {
    let Some(store) = store_of_victim() else {
        return;
    };
    let token = || NewToken::of(&Token::random(TokenKind::Access), StoredScope::Admin, "t");
    let old = store.create_token(&change(), &token()).unwrap().token;
    let at_once = Timestamp::UNIX_EPOCH;
    store
        .rotate_token(&change(), &old, &token(), at_once)
        .unwrap();
}

#[test]
fn a_killed_rotation_leaves_one_active_token() {
    for (point, all) in [
        ("rotate.before", 1),
        ("rotate.inserted", 1),
        ("rotate.committed", 2),
    ] {
        let directory = tempfile::tempdir().unwrap();
        killed("rotating_victim", directory.path(), point);
        let list = |active| {
            let filter = TokenFilter {
                active,
                limit: 10,
                ..TokenFilter::default()
            };
            open(directory.path()).tokens(&filter).unwrap().len()
        };
        assert_eq!(list(None), all, "{point}");
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(list(Some((true, now))), 1, "{point}");
    }
}

/// Prunes, and is killed.
#[test]
#[ignore = "is run, and killed, by another test"]
fn pruning_victim() {
    let Some(store) = store_of_victim() else {
        return;
    };
    let edge = GatewayRef::Name("edge".to_owned());
    store.create(&change(), &gateway("edge")).unwrap();
    store.publish(&change(), &edge, &version("second")).unwrap();
    let prune = PruneOptions {
        keep: 1,
        dry_run: false,
        reason: None,
    };
    store.prune(&change(), &edge, &prune).unwrap();
}

#[test]
fn a_killed_prune_is_complete_or_absent() {
    for (point, contents) in [
        ("prune.before", 2),
        ("prune.deleted", 2),
        ("prune.committed", 1),
    ] {
        let directory = tempfile::tempdir().unwrap();
        killed("pruning_victim", directory.path(), point);
        let file = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
        let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM blobs"), contents, "{point}");
        let kept = count("SELECT count(*) FROM config_versions WHERE pruned_at IS NULL");
        assert_eq!(kept, contents, "{point}");
        let begun = count("SELECT count(*) FROM meta WHERE k = 'pruning'");
        assert_eq!(begun, 0, "{point}");
    }
}

/// Runs a test in a process that is killed at a crash point.
fn killed(victim: &str, directory: &Path, point: &str) {
    let test = format!("store::sqlite::tests::crash::{victim}");
    let ended = Command::new(env::current_exe().unwrap())
        .args(["--exact", &test, "--ignored"])
        .env(DIRECTORY, directory)
        .env("KT_CRASH_AT", point)
        .output()
        .unwrap();
    assert_eq!(ended.status.signal(), Some(9), "{point}: {ended:?}");
}

/// Checks that every change is complete or absent, and that the next one succeeds.
fn whole(directory: &Path, point: &str) {
    let file = Connection::open(directory.join(DATABASE_FILE)).unwrap();
    let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap();
    let sound: String = file
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok", "{point}");
    assert_eq!(
        count("SELECT count(*) FROM pragma_foreign_key_check"),
        0,
        "{point}"
    );
    let changes = count("SELECT count(*) FROM config_versions");
    assert_eq!(count("SELECT count(*) FROM audit"), changes, "{point}");
    let store = open(directory);
    let edge = GatewayRef::Name("edge".to_owned());
    let next = version("next");
    if changes == 0 {
        store.create(&change(), &gateway("other")).unwrap();
    } else {
        let before = store.find(&edge).unwrap().gateway.last_version;
        let probe = tempfile::tempdir().unwrap();
        store.checkpoint().unwrap();
        std::fs::copy(
            directory.join(DATABASE_FILE),
            probe.path().join(DATABASE_FILE),
        )
        .unwrap();
        let receipt = open(probe.path()).publish(&change(), &edge, &next).unwrap();
        assert_eq!(receipt.version, Some(before + 1), "{point}");
    }
}

#[test]
fn a_killed_change_is_complete_or_absent() {
    for (point, versions) in [
        ("create.before", 0),
        ("create.inserted", 0),
        ("create.committed", 1),
        ("reload.before", 1),
        ("reload.inserted", 1),
        ("reload.committed", 2),
        ("revert.before", 2),
        ("revert.inserted", 2),
        ("revert.committed", 3),
    ] {
        assert_eq!(versions_after_kill_at(point), versions, "{point}");
    }
}
