//! Authorization: every operation of the API for every kind of caller, over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::exchange::{admin, head_of, json as body_of, request, status};
use crate::api::every_operation;
use crate::fixture::{TestServer, report};

/// An operation, its query, its body, and its status for every caller in `CALLERS`.
///
/// In the path, `{token_id}` is a token of the gateway.
type Row = (&'static str, &'static str, &'static str, [u16; 6]);

const CALLERS: [&str; 6] = [
    "no token",
    "read",
    "bootstrap",
    "other gateway",
    "own gateway",
    "admin",
];

const PUBLIC: [u16; 6] = [200; 6];
const READ: [u16; 6] = [401, 200, 403, 403, 403, 200];
const READ_GATEWAY: [u16; 6] = [401, 200, 403, 404, 200, 200];
const ADMIN: [u16; 6] = [401, 403, 403, 403, 403, 200];
const ADMIN_CREATE: [u16; 6] = [401, 403, 403, 403, 403, 201];

const GATEWAY: &str = "/v1/gateways/{gateway}";

const TABLE: &[Row] = &[
    ("GET /healthz", "", "", PUBLIC),
    ("GET /readyz", "", "", PUBLIC),
    ("GET /openapi.json", "", "", PUBLIC),
    ("GET /problems/{code}", "", "", PUBLIC),
    // With a `Host` that is not a loopback address.
    ("GET /metrics", "", "", READ),
    ("GET /v1/version", "", "", PUBLIC),
    ("GET /v1/whoami", "", "", [401, 200, 200, 200, 200, 200]),
    ("GET /v1/gateways", "", "", READ),
    (
        "POST /v1/gateways",
        "",
        r#"{"name": "new"}"#,
        // The request of the administrator is the second one.
        [401, 403, 201, 403, 403, 409],
    ),
    (
        "POST /v1/actions/halt",
        "",
        r#"{"gateways": ["gw_aaaaaaaaaaaaaaaa"], "reason": "x"}"#,
        ADMIN,
    ),
    (
        "POST /v1/actions/unhalt",
        "",
        r#"{"gateways": ["gw_aaaaaaaaaaaaaaaa"]}"#,
        ADMIN,
    ),
    ("GET {gateway}", "", "", READ_GATEWAY),
    ("PATCH {gateway}", "", r#"{"description": "x"}"#, ADMIN),
    ("DELETE {gateway}", "", "", [401, 403, 403, 403, 403, 204]),
    ("GET {gateway}/config-versions", "", "", READ_GATEWAY),
    (
        "POST {gateway}/config-versions",
        "",
        r#"{"content": "two", "from_file": true}"#,
        // The request of the gateway is the first one, and the same content creates no version.
        [401, 403, 403, 404, 201, 200],
    ),
    (
        "GET {gateway}/config-versions/{version}",
        "",
        "",
        READ_GATEWAY,
    ),
    (
        "GET {gateway}/config-versions/{version}/content",
        "",
        "",
        READ_GATEWAY,
    ),
    (
        "GET {gateway}/config-versions/{version}/diff",
        "",
        "",
        READ_GATEWAY,
    ),
    ("PUT {gateway}/config-versions/{version}/pin", "", "", ADMIN),
    (
        "DELETE {gateway}/config-versions/{version}/pin",
        "",
        "",
        ADMIN,
    ),
    ("POST {gateway}/actions/prune", "", r#"{"keep": 1}"#, ADMIN),
    ("POST {gateway}/actions/reload", "", "{}", ADMIN),
    (
        "POST {gateway}/actions/revert",
        "",
        r#"{"version": 1}"#,
        ADMIN,
    ),
    ("POST {gateway}/actions/reconcile", "", "{}", ADMIN),
    (
        "POST {gateway}/actions/halt",
        "",
        r#"{"reason":"x"}"#,
        ADMIN,
    ),
    ("POST {gateway}/actions/unhalt", "", "{}", ADMIN),
    ("GET {gateway}/rollout", "?generation=1", "", READ_GATEWAY),
    ("GET {gateway}/desired", "?index=0", "", READ_GATEWAY),
    ("GET {gateway}/desired/stream", "", "", READ_GATEWAY),
    (
        "POST {gateway}/status",
        "",
        "REPORT",
        [401, 403, 403, 404, 200, 200],
    ),
    ("POST /v1/admin/backup", "", "{}", ADMIN_CREATE),
    ("GET /v1/audit", "", "", READ),
    ("GET /v1/audit/export", "", "", READ),
    ("GET /v1/tokens", "", "", READ),
    (
        "POST /v1/tokens",
        "",
        r#"{"name": "t", "scope": "read"}"#,
        ADMIN_CREATE,
    ),
    ("GET /v1/tokens/{token_id}", "", "", READ),
    ("DELETE /v1/tokens/{token_id}", "", "", ADMIN),
    ("POST /v1/tokens/{token_id}/rotate", "", "{}", ADMIN_CREATE),
];

/// Returns the operation of a row with its path template.
fn operation(row: &Row) -> String {
    let (method, path) = row.0.split_once(' ').unwrap();
    format!("{method} {}", path.replace("{gateway}", GATEWAY))
}

#[test]
fn the_table_has_every_operation_once() {
    let rows: Vec<String> = TABLE.iter().map(operation).collect();
    let all = every_operation();
    let all = all.iter().map(|(method, path)| format!("{method} {path}"));
    let set: BTreeSet<&String> = rows.iter().collect();
    assert_eq!(set.len(), rows.len(), "duplicate rows");
    assert_eq!(
        rows.iter().cloned().collect::<BTreeSet<_>>(),
        all.collect::<BTreeSet<_>>()
    );
}

/// A gateway and its tokens. Every row has its own, because some rows delete them.
struct Target {
    gateway: String,
    token: String,
    own: String,
    bootstrap: String,
}

fn issue(server: &TestServer, admin: &str, scope: &str) -> String {
    let new = json!({"name": "t", "scope": scope}).to_string();
    let issued = body_of(&request(server, "POST /v1/tokens", admin, &new));
    issued["token"].as_str().unwrap().to_owned()
}

fn register(server: &TestServer, admin: &str, name: &str) -> Target {
    let new = json!({"name": name, "content": "one", "issue_token": true});
    let created = request(server, "POST /v1/gateways", admin, &new.to_string());
    let created = body_of(&created);
    let gateway = created["gateway"]["id"].as_str().unwrap().to_owned();
    let own = created["token"].as_str().unwrap().to_owned();
    let line = format!("GET /v1/tokens?gateway={gateway}");
    let listed = body_of(&request(server, &line, admin, ""));
    let token = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let bootstrap = issue(server, admin, "bootstrap");
    Target {
        gateway,
        token,
        own,
        bootstrap,
    }
}

#[test]
fn every_operation_has_the_expected_status_for_every_caller() {
    let directory = tempfile::tempdir().unwrap();
    // Without limits, because there are many requests without a token.
    let server = TestServer::limited(directory.path(), 0);
    let admin = admin(&server);
    let reader = issue(&server, &admin, "read");
    let other = register(&server, &admin, "other");
    let report: Value = json!(report(1));
    let mut wrong = Vec::new();
    for (at, row) in TABLE.iter().enumerate() {
        let target = register(&server, &admin, &format!("own-{at}"));
        let line = operation(row)
            .replace("{gateway}", &target.gateway)
            .replace("{token_id}", &target.token)
            .replace("{version}", "1")
            .replace("{code}", "gone");
        let line = format!("{line}{}", row.1);
        let body = row.2.replace("REPORT", &report.to_string());
        let Target { own, bootstrap, .. } = &target;
        let tokens = ["", &reader, bootstrap, &other.own, own, &admin];
        for ((caller, token), expected) in CALLERS.iter().zip(tokens).zip(row.3) {
            let response = head_of(&server, &line, token, &body);
            if status(&response) != expected.to_string() {
                wrong.push(format!(
                    "{} as {caller}: {} instead of {expected}",
                    row.0,
                    status(&response)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_last_use_of_a_token_is_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = TestServer::start(directory.path());
    let admin = admin(&server);
    let (used, unused) = (
        issue(&server, &admin, "read"),
        issue(&server, &admin, "bootstrap"),
    );
    request(&server, "GET /v1/gateways", &used, "");
    drop(unused);
    server.stop();
    let server = TestServer::start(directory.path());
    let last_use = |kind: &str| {
        let line = format!("GET /v1/tokens?type={kind}");
        let listed = body_of(&request(&server, &line, &admin, ""));
        listed["items"][0]["last_used_at"].clone()
    };
    assert!(last_use("access").is_string());
    assert!(last_use("bootstrap").is_null());
}

#[test]
fn a_method_that_is_not_allowed_lists_the_allowed_ones() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    for (line, allowed) in [
        ("PUT /v1/gateways", "GET, POST"),
        ("POST /v1/whoami", "GET"),
        ("POST /v1/tokens/x", "GET, DELETE"),
    ] {
        let response = request(&server, line, &admin, "");
        assert_eq!(status(&response), "405", "{line}");
        assert!(
            response.contains(&format!("allow: {allowed}\r\n")),
            "{response}"
        );
    }
    assert_eq!(
        status(&request(&server, "PUT /v1/nowhere", &admin, "")),
        "404"
    );
}

#[test]
fn a_bootstrap_token_registers_one_gateway_and_returns_its_token() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    let token = issue(&server, &admin, "bootstrap");
    let new = r#"{"name": "rack-7", "content": "one"}"#;
    let created = body_of(&request(&server, "POST /v1/gateways", &token, new));
    let own = created["token"].as_str().unwrap();
    assert!(own.starts_with("kt_gk_"), "{own}");
    let id = created["gateway"]["id"].as_str().unwrap();
    let line = format!("GET /v1/gateways/{id}/desired?index=0");
    assert_eq!(status(&request(&server, &line, own, "")), "200");
    let again = r#"{"name": "rack-8"}"#;
    let refused = request(&server, "POST /v1/gateways", &token, again);
    assert_eq!(status(&refused), "401");
    let detail = body_of(&refused)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(id), "{detail}");
    let listed = body_of(&request(
        &server,
        "GET /v1/tokens?type=bootstrap",
        &admin,
        "",
    ));
    let consumed = &listed["items"][0];
    assert_eq!(consumed["gateway"], id);
    assert_eq!(
        (&consumed["active"], &consumed["scope"]),
        (&json!(false), &json!("bootstrap"))
    );
}
