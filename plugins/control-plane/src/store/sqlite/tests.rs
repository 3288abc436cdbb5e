use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Barrier;
use std::{fs, thread};

use kt_control_api::{ContentHash, GatewayId, Origin, Timestamp};
use rusqlite::Connection;

use crate::store::{Change, DATABASE_FILE, Key, NewGateway, NewVersion, Sqlite, Store, StoreError};

fn change() -> Change {
    Change {
        actor: "test".to_owned(),
        request_id: "req_test".to_owned(),
        now: Timestamp::UNIX_EPOCH,
        if_match: None,
        once: None,
    }
}

fn version(text: &str) -> NewVersion {
    let mut hash = [0; 32];
    hash[..text.len()].copy_from_slice(text.as_bytes());
    NewVersion {
        content: text.to_owned(),
        sha256: ContentHash::from_bytes(hash),
        origin: Origin::Reload,
        source: None,
        message: None,
    }
}

fn gateway(name: &str) -> NewGateway {
    NewGateway {
        id: GatewayId::random(),
        name: name.to_owned(),
        description: String::new(),
        labels: BTreeMap::new(),
        version: Some(NewVersion {
            origin: Origin::Create,
            ..version("first")
        }),
        token: None,
    }
}

fn open(directory: &Path) -> Sqlite {
    Sqlite::open(&directory.join(DATABASE_FILE)).unwrap()
}

#[test]
fn many_writers_with_stores_of_their_own_wait_for_each_other() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 50;
    let directory = tempfile::tempdir().unwrap();
    let shared = open(directory.path());
    shared.create(&change(), &gateway("edge")).unwrap();
    let key = Key::Name("edge".to_owned());
    let start = Barrier::new(WRITERS as usize);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (path, key, start) = (directory.path(), &key, &start);
            scope.spawn(move || {
                start.wait();
                let store = open(path);
                for n in 0..EACH {
                    let text = version(&format!("{writer}-{n}"));
                    store.publish(&change(), key, &text).unwrap();
                    store
                        .create(&change(), &gateway(&format!("g{writer}-{n}")))
                        .unwrap();
                    store.find(key).unwrap();
                }
            });
        }
    });
    let edge = shared.find(&key).unwrap().gateway;
    assert_eq!(edge.last_version, 1 + WRITERS * EACH);
    let versions = shared.versions(&edge.id, None, 1000).unwrap();
    let numbers: Vec<_> = versions
        .iter()
        .rev()
        .map(|version| version.version)
        .collect();
    assert_eq!(
        numbers,
        (1..=edge.last_version).collect::<Vec<_>>(),
        "dense"
    );
    let file = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    let audit: u64 = file
        .query_row("SELECT count(*) FROM audit", [], |row| row.get(0))
        .unwrap();
    assert_eq!(audit, 1 + 2 * WRITERS * EACH, "every change has its row");
}

#[test]
fn of_many_who_want_one_name_one_gets_it() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path());
    let start = Barrier::new(8);
    let results: Vec<_> = thread::scope(|scope| {
        let claim = || {
            start.wait();
            open(directory.path()).create(&change(), &gateway("edge"))
        };
        let claims: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        claims
            .into_iter()
            .map(|claim| claim.join().unwrap())
            .collect()
    });
    let winner = results
        .iter()
        .find_map(|result| result.as_ref().ok())
        .unwrap();
    let losers = results.iter().filter(
        |result| matches!(result, Err(StoreError::NameTaken { id, .. }) if *id == winner.gateway),
    );
    assert_eq!(losers.count(), 7);
}

#[test]
fn many_may_make_the_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let start = Barrier::new(8);
    let epochs: Vec<_> = thread::scope(|scope| {
        let first_use = || {
            start.wait();
            open(directory.path()).epoch().unwrap()
        };
        let users: Vec<_> = (0..8).map(|_| scope.spawn(first_use)).collect();
        users.into_iter().map(|user| user.join().unwrap()).collect()
    });
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "made once");
}

#[test]
fn the_pulse_moves_with_changes_of_others_and_not_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (open(directory.path()), open(directory.path()));
    let before = one.pulse().unwrap();
    assert_eq!(one.pulse().unwrap(), before);
    other.create(&change(), &gateway("edge")).unwrap();
    let after = one.pulse().unwrap();
    assert_ne!(after, before);
    one.create(&change(), &gateway("rim")).unwrap();
    assert_ne!(one.pulse().unwrap(), after, "one's own changes count too");
}

#[test]
fn history_cannot_be_rewritten_even_by_hand() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path())
        .create(&change(), &gateway("edge"))
        .unwrap();
    let file = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    for sql in [
        "UPDATE config_versions SET author = 'x'",
        "DELETE FROM config_versions",
        "UPDATE blobs SET content = 'x'",
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "UPDATE gateways SET desired_version = 2",
        "INSERT INTO config_versions SELECT gateway_id, 3, sha256, blob, size, author, created_at,
             origin, reverts_to, source, message FROM config_versions",
    ] {
        assert!(file.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn file_and_directory_are_private() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("state/kt");
    drop(open(&directory));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in [
        DATABASE_FILE,
        "control-plane.db-wal",
        "control-plane.db-shm",
    ] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
}

fn refusal(directory: &Path) -> String {
    match Sqlite::open(&directory.join(DATABASE_FILE)) {
        Err(StoreError::Unsafe(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_others_could_tamper_with_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    drop(open(directory.path()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refusal(directory.path()).contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refusal(directory.path()).contains("chmod go-w"));
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(&path, directory.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &path).unwrap();
    assert!(refusal(directory.path()).contains("not a regular file"));
}

#[test]
fn foreign_and_newer_files_are_refused_and_tolerable_ones_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    drop(open(directory.path()));
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(
        open(directory.path()).schema(),
        99,
        "its maker says that this one may follow"
    );
    file.execute("UPDATE meta SET v = '98' WHERE k = 'oldest_writer'", [])
        .unwrap();
    let refused = Sqlite::open(&path).unwrap_err();
    assert!(
        matches!(refused, StoreError::TooNew { found: 99, .. }),
        "{refused}"
    );
    file.pragma_update(None, "user_version", 1).unwrap();
    file.pragma_update(None, "application_id", 7).unwrap();
    assert!(refusal(directory.path()).contains("not one of kt"));
}

#[test]
fn somebody_elses_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    let file = Connection::open(&path).unwrap();
    file.execute_batch("CREATE TABLE theirs(x)").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(refusal(directory.path()).contains("not one of kt"));
}

#[test]
fn after_a_checkpoint_the_file_alone_is_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.create(&change(), &gateway("edge")).unwrap();
    store.checkpoint().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join(DATABASE_FILE);
    fs::copy(directory.path().join(DATABASE_FILE), target).unwrap();
    open(copy.path())
        .find(&Key::Name("edge".to_owned()))
        .unwrap();
}
