//! The export of the audit log.

use kt_control_api::{AuditEntry, AuditVerifier};

use super::exchange::{admin, request, status};
use crate::fixture::TestServer;
use crate::store::DATABASE_FILE;

/// More than two pages.
const ROWS: usize = 450;

fn fill(server: &TestServer, admin: &str) {
    for n in 1..ROWS {
        let new = format!("{{\"name\": \"g{n}\"}}");
        assert_eq!(
            status(&request(server, "POST /v1/gateways", admin, &new)),
            "201"
        );
    }
}

/// Returns the body of a chunked response, and whether it is complete.
fn decode_chunks(response: &str) -> (String, bool) {
    let (_, mut rest) = response.split_once("\r\n\r\n").unwrap();
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
fn all_rows_are_exported_in_order_with_their_hashes() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    let admin = admin(&server);
    fill(&server, &admin);
    let response = request(&server, "GET /v1/audit/export", &admin, "");
    assert!(response.contains("content-type: application/x-ndjson\r\n"));
    let (body, complete) = decode_chunks(&response);
    assert!(complete);
    let rows: Vec<AuditEntry> = body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers: Vec<_> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(numbers, (1..=ROWS as u64).collect::<Vec<_>>());
    let mut verifier = AuditVerifier::default();
    rows.into_iter().rev().for_each(|row| verifier.push(row));
    assert!(verifier.finish().damage.is_empty());
    let few = request(
        &server,
        "GET /v1/audit/export?action=token.create",
        &admin,
        "",
    );
    assert_eq!(decode_chunks(&few).0.lines().count(), 1);
    let none = request(&server, "GET /v1/audit/export?action=x", &admin, "");
    assert_eq!(decode_chunks(&none), (String::new(), true));
}

#[test]
fn an_export_that_fails_is_incomplete() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    let admin = admin(&server);
    fill(&server, &admin);
    let file = rusqlite::Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    // A time that cannot be represented.
    let damage = "DROP TRIGGER audit_immutable;
                  UPDATE audit SET at = 9223372036854775807 WHERE seq = 300";
    file.execute_batch(damage).unwrap();
    let response = request(&server, "GET /v1/audit/export", &admin, "");
    assert_eq!(status(&response), "200");
    let (body, complete) = decode_chunks(&response);
    assert!(!complete);
    assert_eq!(body.lines().count(), 200);
}
