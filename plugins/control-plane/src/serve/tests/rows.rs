//! The whole trail in one answer.

use kt_control_api::{AuditEntry, AuditVerifier};

use super::exchange::{admin, request, status};
use crate::fixture::TestServer;
use crate::store::DATABASE_FILE;

/// More than two pages of them.
const ROWS: usize = 450;

fn filled(server: &TestServer, admin: &str) {
    for n in 1..ROWS {
        let new = format!("{{\"name\": \"g{n}\"}}");
        assert_eq!(
            status(&request(server, "POST /v1/gateways", admin, &new)),
            "201"
        );
    }
}

/// The body of an answer that came in chunks, and whether it ended in order.
fn joined(answer: &str) -> (String, bool) {
    let (_, mut rest) = answer.split_once("\r\n\r\n").unwrap();
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        let Some(chunk) = after.get(..size).filter(|chunk| !chunk.is_empty()) else {
            return (body, size == 0);
        };
        body.push_str(chunk);
        rest = &after[size + 2..];
    }
    (body, false)
}

#[test]
fn all_rows_are_sent_in_their_order_with_their_seals() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    let admin = admin(&server);
    filled(&server, &admin);
    let answer = request(&server, "GET /v1/audit/export", &admin, "");
    assert!(answer.contains("content-type: application/x-ndjson\r\n"));
    let (body, whole) = joined(&answer);
    assert!(whole);
    let rows: Vec<AuditEntry> = body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let places: Vec<_> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(places, (1..=ROWS as u64).collect::<Vec<_>>());
    let mut check = AuditVerifier::default();
    rows.into_iter().rev().for_each(|row| check.push(row));
    assert!(check.finish().damage.is_empty());
    let few = request(
        &server,
        "GET /v1/audit/export?action=token.create",
        &admin,
        "",
    );
    assert_eq!(joined(&few).0.lines().count(), 1);
    let none = request(&server, "GET /v1/audit/export?action=x", &admin, "");
    assert_eq!(joined(&none), (String::new(), true));
}

#[test]
fn a_transfer_that_fails_in_the_middle_does_not_look_whole() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    let admin = admin(&server);
    filled(&server, &admin);
    let file = rusqlite::Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    // A time beyond all times.
    let damage = "DROP TRIGGER audit_immutable;
                  UPDATE audit SET at = 9223372036854775807 WHERE seq = 300";
    file.execute_batch(damage).unwrap();
    let answer = request(&server, "GET /v1/audit/export", &admin, "");
    assert_eq!(status(&answer), "200");
    let (body, whole) = joined(&answer);
    assert!(!whole);
    assert_eq!(body.lines().count(), 200);
}
