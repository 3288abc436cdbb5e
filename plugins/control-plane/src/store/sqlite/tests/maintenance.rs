//! The check of the pages of a file.

use std::thread;

use rusqlite::Connection;

use super::open;
use crate::store::DATABASE_FILE;

/// Takes a check some tenths of a second.
const ROWS: &str = "INSERT INTO idempotency
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
    SELECT 'a' || i, 'k' || i, zeroblob(32), '{}', i FROM n";

#[test]
fn a_check_of_the_pages_is_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let file = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    file.execute_batch(ROWS).unwrap();
    assert_eq!(store.integrity_errors().unwrap(), [""; 0]);
    let interrupt = store.interrupter();
    let interrupted = thread::scope(|scope| {
        let check = scope.spawn(|| store.integrity_errors());
        // One before the start of the statement has no effect.
        while !check.is_finished() {
            interrupt();
            thread::yield_now();
        }
        check.join().unwrap()
    });
    assert!(interrupted.is_err(), "{interrupted:?}");
    assert_eq!(store.integrity_errors().unwrap(), [""; 0]);
}
