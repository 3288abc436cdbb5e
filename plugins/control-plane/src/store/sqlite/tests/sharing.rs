use std::sync::Barrier;
use std::{fs, thread};

use rusqlite::Connection;

use super::{change, gateway, open, version};
use crate::store::{DATABASE_FILE, Key, Store, StoreError};

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
