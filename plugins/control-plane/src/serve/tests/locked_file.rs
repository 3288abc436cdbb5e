//! A store that another program has locked.

use std::thread;

use super::exchange::{admin, json as body_of, request, status};
use crate::fixture::TestServer;
use crate::store::DATABASE_FILE;

#[test]
fn all_writes_to_a_locked_store_fail_and_reads_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    let create = &|name: &str| {
        let new = format!("{{\"name\": \"{name}\"}}");
        request(&server, "POST /v1/gateways", &admin, &new)
    };
    assert_eq!(status(&create("before")), "201");
    let other = rusqlite::Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3)
            .map(|n| scope.spawn(move || create(&format!("locked-{n}"))))
            .collect();
        let listed = body_of(&request(&server, "GET /v1/gateways", &admin, ""));
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert!(
            waiting.iter().all(|change| !change.is_finished()),
            "the read did not wait for the writes"
        );
        for response in waiting.into_iter().map(|change| change.join().unwrap()) {
            assert_eq!(status(&response), "503");
            assert!(response.contains("retry-after: 1\r\n"), "{response}");
            assert_eq!(body_of(&response)["code"], "storage-busy");
        }
    });
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(status(&create("after")), "201");
    let listed = body_of(&request(&server, "GET /v1/gateways", &admin, ""));
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        2,
        "the failed writes had no effect"
    );
}
